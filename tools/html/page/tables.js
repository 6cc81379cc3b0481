/* SPDX-License-Identifier: MIT */
/* Tables that can be sorted by their headings, and filtered by a word; sites.js has the largest. */
const ROWS_FIRST = 50, FILTER_LEAST = 5; /* rows */

/*
 * columns: { title, value(row), show(row), words(row), isNumber }: rows are sorted by the value,
 * filtered by the words, or else by the value, and show() makes what is visible.
 */
class Table {
	constructor(columns, rows, options) {
		Object.assign(this, { columns, rows, options: options || {}, by: null, isDown: true, word: "", most: ROWS_FIRST });
		this.body = make("tbody", {});
		this.heads = columns.map((column, i) => make("th", { scope: "col", class: column.isNumber ? "n" : "", "aria-sort": "none" },
			make("button", { type: "button", onclick: () => this.sortBy(i) }, column.title)));
		this.more = make("button", { type: "button", class: "more", onclick: () => this.showMore() });
		this.count = make("p", { class: "count", role: "status" });
		this.element = make("div", { class: "table" }, this.tools(),
			make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": this.options.caption },
				make("table", {}, make("caption", {}, this.options.caption), make("thead", {}, make("tr", {}, this.heads)), this.body)),
			this.more, this.count);
		if (this.options.by !== undefined)
			this.sortBy(this.options.by);
		else
			this.show();
	}

	tools() {
		if (this.rows.length < FILTER_LEAST)
			return null;
		const input = make("input", { type: "search", placeholder: "filter", "aria-label": `Filter: ${this.options.caption}`,
			oninput: () => {
				this.word = input.value.trim().toLowerCase();
				this.show();
			} });
		return make("div", { class: "tools" }, input);
	}

	sortBy(i) {
		this.isDown = this.by === i ? !this.isDown : Boolean(this.columns[i].isNumber);
		this.by = i;
		this.heads.forEach((head, k) =>
			head.setAttribute("aria-sort", k !== i ? "none" : this.isDown ? "descending" : "ascending"));
		this.show();
	}

	chosen() {
		const rows = this.rows.filter((row) => !this.word ||
			this.columns.some((column) => String((column.words || column.value)(row)).toLowerCase().includes(this.word)));
		const column = this.columns[this.by];
		if (column)
			rows.sort((a, b) => compare(column.value(a), column.value(b)) * (this.isDown ? -1 : 1));
		return rows;
	}

	show() {
		const rows = this.chosen();
		this.body.replaceChildren(...rows.slice(0, this.most).map((row) => this.makeRow(row)));
		this.more.hidden = rows.length <= this.most;
		this.more.textContent = `Show all ${number(rows.length)}`;
		this.count.textContent = this.word ? `${number(rows.length)} of ${number(this.rows.length)} match.` : "";
	}

	showMore() {
		this.most = Infinity;
		this.show();
	}

	makeRow(row) {
		const cells = this.columns.map((column) => {
			const shown = column.show ? column.show(row) : column.value(row);
			return make("td", { class: column.isNumber ? "n" : "" }, column.isNumber && typeof shown === "number" ? number(shown) : shown ?? "–");
		});
		return make("tr", this.options.attributes ? this.options.attributes(row) : {}, cells);
	}
}

function compare(a, b) {
	if (typeof a === "number" && typeof b === "number")
		return a - b;
	return String(a ?? "").localeCompare(String(b ?? ""));
}

const numbers = (...keys) => keys.map(([key, title]) => ({ title, isNumber: true, value: (row) => row[key] }));

/* -- what was found -- */

function makePatterns(app) {
	const { patterns } = app.process;
	if (!patterns || !patterns.length)
		return make("p", {}, "None of the known patterns of fragmentation was found.");
	return make("ul", { class: "patterns" }, patterns.map((pattern) => make("li", {},
		make("h3", {}, pattern.what), make("p", {},
			`${number(pattern.maps)} maps${pattern.site === null ? "" : `, mostly by ${siteName(app.names, pattern.site)}`}. `,
			make("strong", {}, pattern.saves_known ? `−${counted(pattern.saves, "map")}: ` : "", pattern.remedy), ". ", pattern.also || ""))));
}

/* Pairs of neighbours, by the reason and the line of the program, whatever the stacks are. */
function neighboursOf(app) {
	const groups = new Map();
	for (const { reason, detail, site, pairs } of app.process.neighbours || []) {
		const group = { reason: reason + (detail ? `: ${detail}` : ""), by: site === null ? "" : siteName(app.names, site), pairs: 0 };
		const key = `${group.reason}\0${group.by}`;
		groups.set(key, groups.get(key) || group);
		groups.get(key).pairs += pairs;
	}
	return [...groups.values()];
}

function makeFindingsSection(app) {
	const { process } = app;
	const parts = [make("h3", {}, "Patterns and what helps"), makePatterns(app)];
	const add = (title, rows, columns, by) => rows && rows.length &&
		parts.push(make("h3", {}, title), new Table(columns, rows, { caption: title, by }).element);
	add("Kinds of maps", process.kinds, [
		{ title: "kind", value: (k) => k.kind + (k.detail ? ` (${k.detail})` : "") }, ...numbers(["maps", "maps"]),
		{ title: "size", isNumber: true, value: (k) => k.bytes, show: (k) => bytesText(k.bytes) }], 1);
	add("Neighbours that touch and are two", neighboursOf(app), [
		{ title: "they differ in", value: (n) => n.reason }, { title: "cut by", value: (n) => n.by }, ...numbers(["pairs", "pairs"])], 2);
	add("Allocators", process.allocators, [{ title: "allocator", value: (a) => baseName(a.module || "") },
		...numbers(["allocations", "allocations"], ["frees", "frees"], ["live", "live"], ["maps_live", "maps"])], 4);
	add("Calls that failed", process.failures, [
		{ title: "call", value: (f) => f.call }, { title: "error", value: (f) => f.errno }, { title: "why", value: (f) => f.reason },
		...numbers(["maps", "maps then"]), { title: "time", isNumber: true, value: (f) => f.time, show: (f) => secondsText(f.time) },
		{ title: "call site", value: (f) => (f.site === null ? "" : siteName(app.names, f.site)) }], 4);
	add("Marks", process.marks, [{ title: "mark", value: (m) => m.name }, ...numbers(["maps", "maps"]),
		{ title: "time", isNumber: true, value: (m) => m.time, show: (m) => secondsText(m.time) }], 2);
	add("System calls", Object.entries(process.calls || {}).map(([call, counts]) => ({ call, ...counts })), [
		{ title: "call", value: (c) => c.call }, ...numbers(["calls", "calls"], ["failed", "failed"], ["created", "created"],
			["split", "split"], ["merged", "merged"], ["removed", "removed"])], 1);
	return section("findings", "Findings", parts);
}

function makeCoverageSection(app) {
	const { coverage } = app.process;
	const seen = app.page.sentences.find((sentence) => sentence.label === "seen");
	const words = Object.entries(coverage).filter(([, value]) => typeof value !== "object" || Array.isArray(value));
	return section("coverage", "What was seen", seen && make("p", {}, seen.text),
		make("ul", {}, coverage.notes.map((note) => make("li", {}, note))),
		make("details", {}, make("summary", {}, "Figures"), make("dl", {}, words.flatMap(([key, value]) =>
			[make("dt", {}, key.replace(/_/g, " ")), make("dd", {}, Array.isArray(value) ? value.join(", ") || "none" : String(value))]))));
}

/* -- the processes -- */

function makeProcessesSection(app) {
	const { processes, pages } = app.doc;
	if (processes.length < 2)
		return null;
	const known = new Map(processes.map((process, i) => [process.pid, i]));
	const children = new Map();
	inOrder(processes).forEach((i) => {
		const process = processes[i];
		const parent = known.has(process.parent_pid) && known.get(process.parent_pid) !== i ? process.parent_pid : null;
		children.set(parent, (children.get(parent) || []).concat(i));
	});
	const shown = new Set();
	const list = (parent) => make("ul", {}, (children.get(parent) || []).map((i) => item(i)));
	const item = (i) => {
		const { pid, maps } = processes[i];
		const text = `${commandText(processes[i])} (${pid}): peak ${number(maps.peak)}, ${number(maps.now)} ${whenOf(processes[i])}`;
		const isLast = known.get(pid) === i && !shown.has(pid);
		shown.add(isLast ? pid : -1);
		return make("li", {}, pages[i] ? make("button", { type: "button", class: "link", "aria-current": i === app.index ? "true" : null,
			onclick: () => app.open(i) }, text) : make("span", {}, text), isLast && children.has(pid) ? list(pid) : null);
	};
	const programs = known.size < processes.length ? ` (${number(processes.length)} programs, by exec)` : "";
	const opened = pages.includes(null) ? "those with the highest peaks can be opened" : "each can be opened";
	return section("processes", "Processes", make("p", { class: "note" }, `${counted(known.size, "process", "processes")}${programs}; ${opened}.`),
		make("div", { class: "tree" }, list(null)));
}

/* The numbers of the processes, programs of one process together. */
function inOrder(processes) {
	const first = new Map();
	processes.forEach(({ pid }, i) => first.has(pid) || first.set(pid, i));
	return processes.map((_, i) => i).sort((a, b) => first.get(processes[a].pid) - first.get(processes[b].pid) || a - b);
}

/* When the count was what is called "now" in the report. */
function whenOf({ end }) {
	return end === "running" ? "now" : end === "exec" ? "at its exec" : "at the end";
}

const commandText = (process) => {
	const text = process.command.length ? process.command.join(" ") : process.exe || "unknown";
	return text.length > 100 ? text.slice(0, 97) + "…" : text;
};

function makeTextSection(app) {
	return section("text", "The same as text", make("details", {}, make("summary", {}, "vmatrace report"),
		make("pre", { tabindex: 0 }, app.page.text.join("\n"))));
}
