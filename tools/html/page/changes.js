/* SPDX-License-Identifier: MIT */
/* The differences from another run: see `vmatrace diff`. Signs say the same as the colours. */
const CHANGE_COLOURS = { more: RED, fewer: GREEN, same: GREY };

/* Find the change of a call site: the entry with the same call and a line of its stack. */
function makeChangeOf(process, diff) {
	const changes = new Map();
	for (const item of diff.sites.filter((site) => site.file))
		changes.set(`${item.call} ${baseName(item.file)}:${item.line}`, item.change);
	const known = new Map(process.sites.map((site) => {
		const keys = site.stack.filter((frame) => frame.file).map((frame) => `${site.call} ${baseName(frame.file)}:${frame.line}`);
		return [site.id, changes.get(keys.find((key) => changes.has(key))) || 0];
	}));
	return (id) => known.get(id) || 0;
}

function colourByChange(maps, process, doc) {
	const changeOf = makeChangeOf(process, doc.diff);
	const labels = { more: "+ of call sites with more maps", fewer: "− of call sites with fewer maps", same: "unchanged" };
	const key = (c) => (changeOf(c.putBy) > 0 ? "more" : changeOf(c.putBy) < 0 ? "fewer" : "same");
	return groupBy(maps, key, (k) => ({ label: labels[k], colour: CHANGE_COLOURS[k] }));
}

/* Returns the numbers of the call sites that an entry of the differences is about. */
function sitesOfChange(process, { call, file, line }) {
	const isOf = (frame) => frame.file && baseName(frame.file) === baseName(file) && frame.line === line;
	return process.sites.filter((site) => file && site.call === call && site.stack.some(isOf)).map(({ id }) => id);
}

function changeDetails(app, item) {
	const place = item.file ? `${item.call}, ${item.file}${item.line ? ":" + item.line : ""}` : item.call;
	const ids = sitesOfChange(app.process, item);
	return make("details", {}, make("summary", {}, place), ids.length ? lightButton(app, ids, "Light its maps") : null,
		make("ol", { class: "stack", start: 0 }, item.stack.map((line) => make("li", {}, line))));
}

function makeChangesSection(app) {
	const { diff } = app.doc;
	if (!diff)
		return null;
	const columns = [
		{ title: "call site", value: (item) => [item.call, item.file, item.line, ...item.stack].join(" "), show: (item) => changeDetails(app, item) },
		{ title: "change", isNumber: true, value: (item) => item.change, show: (item) => signed(item.change) },
		{ title: "before", isNumber: true, value: (item) => item.before }, { title: "after", isNumber: true, value: (item) => item.after },
		{ title: "is", value: (item) => item.kind }, { title: "program", value: (item) => item.program },
	];
	const table = new Table(columns, diff.sites, { caption: "Call sites that hold more or fewer maps",
		attributes: (item) => ({ class: item.change > 0 ? "more" : "fewer", onclick: (event) => {
			const ids = sitesOfChange(app.process, item);
			if (ids.length && !event.target.closest("details"))
				app.toggle(ids);
		} }) });
	return section("changes", "Changes", make("p", { class: "note" },
		`${signed(diff.change)} maps at ${counted(diff.sites.length, "call site")}, compared with the other run.`),
	diff.sites.length ? table.element : null);
}
