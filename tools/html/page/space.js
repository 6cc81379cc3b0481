/* SPDX-License-Identifier: MIT */
/*
 * How maps are coloured, and the text about each. The colours are those of Okabe and Ito, which
 * people with any kind of colour vision can tell apart; nothing is told by a colour alone.
 */
const ORANGE = "#e69f00", SKY = "#56b4e9", GREEN = "#009e73", YELLOW = "#f0e442";
const BLUE = "#0072b2", RED = "#d55e00", PURPLE = "#cc79a7", GREY = "#999999", BROWN = "#8a5a3c", SLATE = "#666666";
const DISTINCT = [BLUE, RED, GREEN, ORANGE, PURPLE, SKY, YELLOW];
const AGES = ["#00204d", "#31446b", "#666970", "#958f78", "#cbba69", "#ffea46"];

const KIND_COLOURS = {
	anonymous: BLUE, heap: SKY, "allocator heap": SKY, "thread stack": ORANGE, "main stack": ORANGE,
	guard: RED, reserved: SLATE, library: GREEN, file: YELLOW, "deleted file": YELLOW,
	"shared memory": BROWN, "huge pages": BROWN, device: BROWN, "JIT code": PURPLE,
	vdso: GREY, kernel: GREY,
};
const PROTECTION_COLOURS = {
	"---": RED, "r--": YELLOW, "rw-": BLUE, "r-x": GREEN, rwx: PURPLE, "--x": ORANGE, "-w-": SKY,
};
const PROTECTION_WORDS = {
	"---": "no access (---)", "r--": "read (r--)", "rw-": "read and write (rw-)", "r-x": "code (r-x)",
	rwx: "writable code (rwx)",
};

/*
 * Put the maps into groups by their key. Returns the number of each map's group, and the list of
 * groups.
 */
function groupBy(maps, keyOf, describe) {
	const groups = new Map();
	const group = new Int32Array(maps.count);
	const list = [];
	for (let i = 0; i < maps.count; i++) {
		const key = keyOf(maps.classes[maps.of[i]], i);
		if (!groups.has(key)) {
			groups.set(key, list.length);
			list.push({ key, maps: 0, ...describe(key) });
		}
		group[i] = groups.get(key);
		list[group[i]].maps++;
	}
	return { group, list };
}

function distinctColours(colouring, others, isOther) {
	let next = 0;
	for (const group of [...colouring.list].sort((a, b) => b.maps - a.maps))
		group.colour = isOther(group) || next >= DISTINCT.length ? others : DISTINCT[next++];
	return colouring;
}

function colourBySite(maps, names) {
	const startUp = [siteName(names, 0), siteName(names, 1)];
	const byName = groupBy(maps, (c) => siteName(names, c.putBy), (key) => ({ label: key }));
	return distinctColours(byName, GREY, (group) => startUp.includes(group.key));
}

function colourByPattern(maps, process) {
	const weight = new Map((process.patterns || []).map((p, i) => [p.pattern, i]));
	const words = new Map((process.patterns || []).map((p) => [p.pattern, p.what]));
	words.set("alone", "pieces of memory that touch no other");
	const order = (id) => (weight.has(id) ? weight.get(id) : 99);
	const key = (c) => [...c.shows].sort((a, b) => order(a) - order(b))[0] || "";
	const of = (id) => ({ label: words.get(id) || id || "no pattern" });
	return distinctColours(groupBy(maps, key, of), GREY, (group) => !group.key);
}

/* Coloured by the time of the call that put the map there. */
function colourByAge(maps) {
	let last = 1;
	for (let i = 0; i < maps.count; i++)
		last = Math.max(last, maps.time[i]);
	const key = (c, i) => (c.putBy === 0 ? -1 : Math.min(5, Math.floor((maps.time[i] * 6) / last)));
	const at = (k) => secondsText((k * last) / 6000);
	const of = (k) => k < 0 ? { label: "before tracing", colour: GREEN } :
		{ label: `${at(k)} to ${at(k + 1)}`, colour: AGES[k] };
	const colouring = groupBy(maps, key, of);
	colouring.inOrder = (a, b) => a.key - b.key;
	return colouring;
}

/*
 * Memory of one kind but with different access looks different, because that is mostly why it is
 * cut.
 */
const CUT_KINDS = ["anonymous", "heap", "allocator heap", "thread stack", "JIT code", "shared memory", "huge pages"];

function accessOf(c) {
	const access = c.protection.slice(0, 3);
	if (!CUT_KINDS.includes(c.kind) || access === (c.kind === "JIT code" ? "r-x" : "rw-"))
		return "";
	return access === "---" ? ", no access" : access === "r--" ? ", read-only" : `, ${access}`;
}

const kindKey = (c) => c.kind + accessOf(c);

function kindColour(key) {
	const [kind, access] = key.split(", ");
	const colour = rgbOf(KIND_COLOURS[kind] || GREY);
	const white = [255, 255, 255];
	return access ? hexOf(access === "no access" ? mixed(colour, white, 0.72) :
		access === "read-only" ? mixed(colour, white, 0.42) : mixed(colour, [0, 0, 0], 0.5)) : hexOf(colour);
}

const hexOf = (rgb) => "#" + rgb.map((part) => part.toString(16).padStart(2, "0")).join("");

function colourMaps(mode, { maps, process, names, doc }) {
	switch (mode) {
	case "site": return colourBySite(maps, names);
	case "change": return colourByChange(maps, process, doc);
	case "pattern": return colourByPattern(maps, process);
	case "age": return colourByAge(maps);
	case "protection":
		return groupBy(maps, (c) => c.protection.slice(0, 3), (key) => ({
			label: PROTECTION_WORDS[key] || key, colour: PROTECTION_COLOURS[key] || GREY }));
	default:
		return groupBy(maps, kindKey, (key) => ({ label: key, colour: kindColour(key) }));
	}
}

/* Whether a map touches the one below, and both are of one group. */
const isAlike = (maps, group, i) => i > 0 && group[i] === group[i - 1] && !holeBelow(maps, i);

/* Which maps are the second, the fourth and so on of neighbours that touch and are of one group. */
function everyOther(maps, group) {
	const isOdd = new Uint8Array(maps.count);
	for (let i = 1; i < maps.count; i++)
		isOdd[i] = isAlike(maps, group, i) && !isOdd[i - 1] ? 1 : 0;
	return isOdd;
}

function siteName(names, site) {
	if (site < 0)
		return "not known";
	return names[site] || (site === 1 ? "calls that were not seen" : `call site ${site}`);
}

const mapSize = (maps, i) => bytesText(maps.pages[i] * maps.page);

/* What keeps a map apart from a neighbour that looks like it: "locked", "segment.doc", "at 64 KiB". */
function mapMark(maps, i) {
	const at = maps.offset.has(i) ? `at ${number((maps.offset.get(i) * maps.page) / 1024)} KiB` : "";
	return [maps.classes[maps.of[i]].mark, at].filter(Boolean).join(", ");
}

/* Describe a map in a few words: "guard ---p, 4 KiB". */
function mapShort(maps, i) {
	const c = maps.classes[maps.of[i]];
	return `${c.kind}${c.detail ? ` (${c.detail})` : ""} ${c.protection}, ${mapSize(maps, i)}`;
}

/* Say why the map has not merged with its neighbours. */
function whyApart(maps, i) {
	const below = maps.classes[maps.of[i]].apart;
	const touches = i + 1 < maps.count && maps.start[i] + maps.pages[i] === maps.start[i + 1];
	const above = touches ? maps.classes[maps.of[i + 1]].apart : "";
	const said = [];
	said.push(below ? `It and the map below it ${below}.` : "Below it is a hole.");
	said.push(above ? `It and the map above it ${above}.` : "Above it is a hole.");
	return said;
}

/* Everything that is known of a map, line by line. */
function mapLines(maps, names, i) {
	const c = maps.classes[maps.of[i]];
	const end = maps.start[i] + maps.pages[i];
	const lines = [
		mapShort(maps, i),
		`${addressText(maps.start[i], maps.page)} to ${addressText(end, maps.page)}`,
	];
	if (c.name)
		lines.push(c.name);
	const mark = mapMark(maps, i);
	if (mark && !c.name.includes(mark))
		lines.push(mark);
	lines.push(`put by ${siteName(names, c.putBy)}` +
		(c.putBy === 0 ? "" : `, ${secondsText(maps.time[i] / 1000)} after the start`));
	if (c.mappedBy !== c.putBy)
		lines.push(`cut out of what was mapped by ${siteName(names, c.mappedBy)}`);
	return lines.concat(whyApart(maps, i));
}
