/* SPDX-License-Identifier: MIT */
/*
 * The table of call sites. A row is a line of the program, as in the text report: a function that
 * calls itself, or is called from many places, has a stack for each way to it.
 */
const STACKS_MOST = 20; /* of a row that are shown */
const COUNTS = ["live", "live_at_peak", "calls", "created", "split", "merged", "removed", "failed", "bytes"];

/* Returns the rows; the sites of each are in order of their maps, those with most first. */
function siteRows(app) {
	const rows = new Map();
	for (const site of app.process.sites.filter((s) => s.calls || s.live || s.created)) {
		const name = siteName(app.names, site.id);
		const row = rows.get(name) || { name, sites: [] };
		COUNTS.forEach((key) => {
			row[key] = (row[key] || 0) + site[key];
		});
		row.sites.push(site);
		rows.set(name, row);
	}
	for (const row of rows.values()) {
		row.sites.sort((a, b) => b.live - a.live || b.live_at_peak - a.live_at_peak);
		row.ids = row.sites.map(({ id }) => id);
	}
	return [...rows.values()];
}

const growthWord = (site) => (site.growth ? site.growth.verdict : site.per_call ? site.per_call.course : "").replace(/-/g, " ");

/* What is said of all its stacks alike. */
function rowGrowth(row) {
	const words = new Set(row.sites.map(growthWord).filter(Boolean));
	return words.size === 1 ? [...words][0] : "";
}

function rowWords(row) {
	row.words = row.words || [row.name, ...new Set(row.sites.flatMap((site) => site.stack.map(frameText)))].join(" ");
	return row.words;
}

function stackList(site) {
	return [make("ol", { class: "stack", start: 0 }, site.stack.map((frame) => make("li", { title: frame.module || "" },
		frameText(frame), frame.inlined ? " (inlined)" : "", frameMark(frame)))),
	site.truncated ? make("p", {}, "The stack goes on.") : null];
}

function lightButton(app, ids, text) {
	return make("button", { type: "button", class: "link", onclick: () => app.toggle(ids) }, text);
}

function stackOfMany(app, site) {
	return make("details", {}, make("summary", {}, `${number(site.live)} now, ${number(site.live_at_peak)} at peak, ${counted(site.calls, "call")}`),
		lightButton(app, [site.id], "Light only these maps"), stackList(site));
}

/* The stacks of a row, made when it is opened: there may be thousands. */
function rowStacks(app, row) {
	const { sites } = row;
	if (sites.length === 1)
		return [lightButton(app, row.ids, "Light its maps"), stackList(sites[0])];
	const most = sites.length > STACKS_MOST ? `; the ${STACKS_MOST} with the most maps` : "";
	return [lightButton(app, row.ids, "Light its maps"), make("p", {}, `${number(sites.length)} stacks${most}:`),
		sites.slice(0, STACKS_MOST).map((site) => stackOfMany(app, site))];
}

function rowDetails(app, row) {
	if (!row.sites.some((site) => site.stack.length))
		return row.name;
	const details = make("details", { ontoggle: () => {
		if (details.open && details.children.length === 1)
			details.append(...rowStacks(app, row).flat(Infinity).filter(Boolean));
	} }, make("summary", {}, row.name));
	return details;
}

function makeSitesSection(app) {
	const columns = [
		{ title: "call site", value: (row) => row.name, words: rowWords, show: (row) => rowDetails(app, row) },
		...numbers(["live", "now"], ["live_at_peak", "at peak"], ["calls", "calls"], ["created", "created"],
			["split", "split"], ["merged", "merged"], ["removed", "removed"], ["failed", "failed"]),
		{ title: "bytes", isNumber: true, value: (row) => row.bytes, show: (row) => bytesText(row.bytes) },
		{ title: "growth", value: rowGrowth },
	];
	const isChosen = (row) => row.ids.some((id) => app.isSelected(id));
	const rows = siteRows(app);
	const table = new Table(columns, rows, { by: app.page.peak ? 2 : 1, caption: "Call sites, and the maps they made",
		attributes: (row) => ({ "data-row": rows.indexOf(row), "aria-selected": String(isChosen(row)),
			onclick: (event) => event.target.closest("details") || app.toggle(row.ids) }) });
	app.onSelect(() => table.body.querySelectorAll("tr").forEach((tr) =>
		tr.setAttribute("aria-selected", String(isChosen(rows[tr.dataset.row])))));
	app.sitesTable = table;
	return section("sites", "Call sites", make("p", { class: "note" },
		"Choose a row to light its maps in the picture; open a name for its stacks."), table.element);
}
