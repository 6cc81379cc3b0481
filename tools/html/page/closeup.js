/* SPDX-License-Identifier: MIT */
/*
 * A dozen neighbouring maps, large enough to be read, from the place that best shows why there are
 * so many maps. This file also puts together the sections around the page's picture.
 */
const CLOSEUP = 12, FEW_MAPS = 100;

/* Typical maps are those of the first pattern, or else of the call site with the most maps. */
function typicalTest(app) {
	const { maps } = app;
	const { classes, of } = maps;
	const pattern = (app.process.patterns || [])[0];
	if (pattern)
		return (i) => classes[of[i]].shows.includes(pattern.pattern);
	const top = [...app.process.sites].sort((a, b) => b.live - a.live)
		.find((site) => site.kind === "call");
	return top && maps.count >= FEW_MAPS && top.live > maps.count / 4 ? (i) => classes[of[i]].putBy === top.id : null;
}

/* Find the stretch of one cluster with the most such maps; the first of several. */
function findStretch(app) {
	const { maps } = app;
	const isTypical = typicalTest(app);
	const size = Math.min(CLOSEUP, maps.count);
	let best = null;
	let cluster = 0; /* the first map of the cluster */
	let n = 0;
	if (!isTypical || maps.count < 2 * CLOSEUP)
		return null;
	for (let i = 0; i < maps.count; i++) {
		cluster = holeBelow(maps, i) < maps.hole ? cluster : i;
		n += isTypical(i);
		if (i >= size)
			n -= isTypical(i - size);
		if (i - cluster >= size - 1 && n > (best ? best.n : 2))
			best = { first: i - size + 1, last: i, n };
	}
	return best;
}

/*
 * What keeps each map of the stretch apart. Where all that is known of neighbours is that one kind of
 * call cut them, they are numbered: "by madvise", "by madvise, 2".
 */
function marksOf(maps, { first, last }) {
	const marks = [];
	let n = 1;
	for (let i = first; i <= last; i++) {
		const mark = mapMark(maps, i);
		n = i > first && !holeBelow(maps, i) && mark && mark === mapMark(maps, i - 1) ? n + 1 : 1;
		marks.push(n > 1 ? `${mark}, ${n}` : mark);
	}
	return marks;
}

/*
 * Which maps of the stretch have the other shade of their colour: neighbours of one colour that are
 * kept apart by what is not seen in a colour.
 */
function otherShades(maps, { first, last }, marks) {
	const isOther = [false];
	for (let i = first + 1; i <= last; i++) {
		const before = isOther[i - 1 - first];
		const isSame = kindKey(maps.classes[maps.of[i]]) === kindKey(maps.classes[maps.of[i - 1]]);
		isOther.push(isSame && !holeBelow(maps, i) && marks[i - first] !== marks[i - 1 - first] ? !before : isSame && before);
	}
	return isOther;
}

const otherShade = (rgb) => mixed(rgb, isBright(rgb) ? [0, 0, 0] : [255, 255, 255], 0.3);

function closeupBox(app, i, mark, isOther) {
	const { maps } = app;
	const c = maps.classes[maps.of[i]];
	const plain = kindColour(kindKey(c));
	const colour = isOther ? hexOf(otherShade(rgbOf(plain))) : plain;
	return make("li", {
		class: "box", tabindex: 0, css: { background: colour, color: inkOn(rgbOf(colour)) },
		onclick: () => app.toggle(app.sitesLike(c.putBy)),
		onpointermove: (event) => showTip(mapLines(maps, app.names, i), event), onpointerleave: hideTip,
	}, make("b", {}, c.kind), make("span", {}, c.protection), make("span", {}, mapSize(maps, i)),
	mark && make("i", {}, mark));
}

function closeupHole(maps, i) {
	const hole = holeBelow(maps, i);
	return hole ? make("li", { class: "box gap" }, make("b", {}, "hole"),
		make("span", {}, bytesText(hole * maps.page))) : null;
}

/* "Neighbours here differ in protection (…), 11 times." */
function closeupReason(maps, { first, last }) {
	const counts = new Map();
	let holes = 0;
	for (let i = first + 1; i <= last; i++) {
		const { apart } = maps.classes[maps.of[i]];
		if (apart)
			counts.set(apart, (counts.get(apart) || 0) + 1);
		else
			holes++;
	}
	const said = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 2)
		.map(([why, n]) => `${counted(n, "pair")} of neighbours ${why}`);
	if (holes)
		said.push(`${counted(holes, "pair")} ${holes === 1 ? "has" : "have"} a hole between`);
	return said.join("; ") + ".";
}

function makeCloseup(app, stretch) {
	const { maps } = app;
	const boxes = [];
	const marks = marksOf(maps, stretch);
	const isOther = otherShades(maps, stretch, marks);
	for (let i = stretch.first; i <= stretch.last; i++)
		boxes.push(i > stretch.first && closeupHole(maps, i), closeupBox(app, i, marks[i - stretch.first], isOther[i - stretch.first]));
	return make("figure", { class: "closeup" },
		make("figcaption", {}, make("strong", {}, "Close up: "),
			`${counted(stretch.last - stretch.first + 1, "map")} of ${number(maps.count)}, ` +
			`at ${addressText(maps.start[stretch.first], maps.page)}; not to scale. ` + closeupReason(maps, stretch)),
		make("ol", { class: "boxes" }, boxes.filter(Boolean)));
}

const COLOURINGS = [["kind", "kind"], ["site", "call site"], ["pattern", "pattern"],
	["protection", "protection"], ["age", "age"]];

function pictureTools(picture) {
	const button = (label, text, act) => make("button", { type: "button", "aria-label": label, onclick: act }, text);
	return [
		choice("Colour by", picture.app.doc.diff ? [["change", "change"], ...COLOURINGS] : COLOURINGS, picture.mode,
			(mode) => picture.setColours(mode)),
		button("Zoom out", "−", () => picture.zoom(1 / 2)),
		button("Zoom in", "+", () => picture.zoom(2)),
		button("Show all", "All", () => picture.fit()),
	];
}

/* Returns nothing if the recording holds no map. */
function makeSpaceSection(app) {
	if (!app.maps || !app.maps.count)
		return section("space", "Address space", make("p", {}, "The recording holds no map."));
	const stretch = findStretch(app);
	const parts = {
		canvas: make("canvas", {}), spacer: make("div", {}),
		overview: make("canvas", { class: "overview", role: "img", "aria-label": "The whole address space; the frame is what is shown below" }),
		legend: make("ul", { class: "legend", "aria-label": "Colours; choose one to see only its maps" }),
		said: make("p", { class: "said", "aria-live": "polite" }, "Point to a map, or move to it with the arrow keys; a click lights all maps of its call site."),
	};
	parts.scroller = make("div", {
		class: "scroller", tabindex: 0, role: "application", id: "picture",
		"aria-label": `Picture of ${counted(app.maps.count, "map")}. Arrow keys go from map to map, plus and minus zoom, 0 shows all, Enter lights the maps of the call site.`,
	}, parts.spacer);
	const box = make("div", { class: "picture" }, parts.scroller, parts.canvas);
	const tools = make("div", { class: "tools" });
	const element = section("space", "Address space", make("p", { class: "note" }, spaceNote(app)),
		stretch && makeCloseup(app, stretch), tools, parts.legend, parts.overview, box, parts.said);
	app.whenShown(() => {
		const picture = new Picture(app, parts);
		tools.append(...pictureTools(picture));
		listenOverview(picture);
		picture.begin(stretch);
		app.onSelect(() => picture.draw());
		app.onTheme(() => picture.mixColours());
		app.picture = picture;
	});
	return element;
}

function spaceNote(app) {
	const { maps, process } = app;
	const { holes } = process;
	const when = process.end === "running" ? "now" : "when the recording ended";
	const peak = process.maps.peak > maps.count * 1.2 ?
		` At the peak there were ${number(process.maps.peak)}, of which those that are gone are not in the picture.` : "";
	return `${counted(maps.count, "map")} ${when}, lowest address first` +
		(holes ? `; ${counted(holes.count, "hole")} between them. ` : ". ") +
		`Each strip is a map; blank between strips is a hole; ≈ marks what is too long to be drawn as it is.` + peak;
}
