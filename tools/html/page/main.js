/* SPDX-License-Identifier: MIT */
/* Puts the page together: the headline, the sections, the theme, and the choice of a call site. */

function showTip(lines, event) {
	const tip = document.getElementById("tip");
	tip.replaceChildren(...lines.map((line, i) => make(i ? "div" : "strong", {}, line.length > 300 ? line.slice(0, 297) + "…" : line)));
	tip.hidden = false;
	const box = tip.getBoundingClientRect();
	const x = Math.min(event.clientX + 14, document.documentElement.clientWidth - box.width - 6);
	const below = event.clientY + 18;
	const y = below + box.height > window.innerHeight ? event.clientY - box.height - 10 : below;
	tip.style.left = Math.max(4, x) + "px";
	tip.style.top = Math.max(4, y) + "px";
}

function hideTip() {
	document.getElementById("tip").hidden = true;
}

/* -- the headline -- */

function tile(title, value, note) {
	return make("div", { class: "tile" }, make("dt", {}, title), make("dd", {}, value, note ? make("small", {}, note) : null));
}

function gauge({ peak, now, limit, own }) {
	const part = (maps) => Math.min(100, (maps * 100) / limit) + "%";
	if (!limit)
		return null;
	return make("div", { class: "gauge", role: "img", "aria-label": `Peak ${number(peak)} of ${number(limit)} maps, ${percent(peak + (own || 0), limit)}` },
		make("div", { class: "peak" + (peak > limit * 0.8 ? " high" : ""), css: { width: part(peak) } }),
		make("div", { class: "now", css: { width: part(now) } }));
}

/* What a remedy saves begins its sentence in the report; here is room for the word. */
const remedyText = (text) => text.replace(/^-([\d,]+): /, "−$1 maps: ");

const LEADS = ["cause", "and", "help", "for now", "leak"];

function leadOf(sentences) {
	const lead = [];
	for (const { label, text } of sentences)
		if (LEADS.includes(label))
			lead.push([make("dt", {}, label), make("dd", {}, remedyText(text))]);
	return lead.length ? make("dl", { class: "lead" }, lead) : null;
}

function makeHeadline(app) {
	const { process, page } = app;
	const { maps } = process;
	const rest = page.sentences.filter(({ label }) => !LEADS.includes(label));
	const growth = process.growth && !["none", "too-short"].includes(process.growth.verdict) ? process.growth.verdict : "";
	const element = section("headline", commandTitle(process),
		make("p", { class: "note" }, [`process ${process.pid}`, page.ending, process.exe].filter(Boolean).join(", ")),
		make("dl", { class: "tiles" },
			tile("maps at peak", number(maps.peak), maps.limit ? `${percent(maps.peak + (maps.own || 0), maps.limit)} of the limit` : ""),
			tile(`maps ${whenOf(process)}`, number(maps.now), `${signed(maps.now - maps.start)} since the start`),
			tile("limit", number(maps.limit), "vm.max_map_count"),
			app.doc.diff ? tile("change", signed(app.doc.diff.change), "since the run compared with") : null,
			growth ? tile("growth", growth.replace(/-/g, " ")) : null),
		gauge(maps), leadOf(page.sentences),
		make("dl", { class: "sentences" }, rest.map(({ label, text }) => [make("dt", {}, label), make("dd", {}, text)])));
	element.querySelector("h2").replaceWith(make("h1", { id: "headline-title" }, commandTitle(process)));
	return element;
}

/* Returns the program's name without its folder. */
const commandTitle = (process) => baseName(commandText(process).split(" ")[0]) + " " + commandText(process).split(" ").slice(1).join(" ");

/* -- the page -- */

class App {
	constructor(doc) {
		this.doc = doc;
		this.open(doc.first);
	}

	open(index) {
		if (this.picture)
			this.picture.isGone = true;
		Object.assign(this, { index, process: this.doc.processes[index], page: this.doc.pages[index],
			selected: null, selectors: [], themers: [], later: [] });
		this.names = this.page.names;
		this.maps = this.page.space && readSpace(this.page.space);
		this.layout = this.maps && this.maps.count ? layOut(this.maps) : null;
		/* Of maps that are gone, the course tells more than a picture of those that are left. */
		const pictures = this.page.peak ? [makeTimelineSection, makeSpaceSection] : [makeSpaceSection, makeTimelineSection];
		const sections = [makeHeadline, makeChangesSection, ...pictures, makeFlameSection, makeSitesSection,
			makeFindingsSection, makeCoverageSection, makeProcessesSection, makeTextSection].map((f) => f(this)).filter(Boolean);
		document.title = `${commandText(this.process)} – vmatrace`;
		document.getElementById("main").replaceChildren(...sections);
		showSections(sections);
		this.later.forEach((f) => f());
		window.scrollTo(0, 0);
	}

	whenShown(f) {
		this.later.push(f);
	}

	onSelect(f) {
		this.selectors.push(f);
	}

	onTheme(f) {
		this.themers.push(f);
	}

	/* Choose call sites by their numbers, or none with null. */
	select(sites) {
		this.selected = sites && new Set(sites);
		this.selectors.forEach((f) => f());
		document.getElementById("chosen")?.remove();
		if (sites)
			document.body.append(make("div", { id: "chosen", role: "status" }, siteName(this.names, sites[0]), " ",
				make("a", { href: "#space" }, "picture"), " ", make("a", { href: "#sites" }, "table"), " ",
				make("button", { type: "button", onclick: () => this.select(null) }, "Show all")));
	}

	/* The same; if exactly these are chosen already, choose none. */
	toggle(sites) {
		const isSame = this.selected && this.selected.size === sites.length && sites.every((site) => this.selected.has(site));
		this.select(isSame ? null : sites);
	}

	isSelected(site) {
		return this.selected !== null && this.selected.has(site);
	}

	/* Returns all call sites of the same line of the program, whatever their stacks are. */
	sitesLike(site) {
		const name = siteName(this.names, site);
		return this.process.sites.map(({ id }) => id).filter((id) => siteName(this.names, id) === name);
	}
}

function showSections(sections) {
	document.getElementById("sections").replaceChildren(...sections.map((element) =>
		make("a", { href: "#" + element.id }, element.id === "headline" ? "Top" : element.querySelector("h2").textContent)));
}

function setTheme(theme, app) {
	document.documentElement.dataset.theme = theme;
	document.getElementById("theme").setAttribute("aria-pressed", String(theme === "dark"));
	if (app)
		app.themers.forEach((f) => f());
}

/* Paper is light, and so is what is drawn on it. */
function printInLight(app) {
	let before;
	window.addEventListener("beforeprint", () => {
		before = document.documentElement.dataset.theme;
		setTheme("light", app);
		app.picture?.drawNow();
	});
	window.addEventListener("afterprint", () => setTheme(before, app));
}

/* The theme is that of the reader's system until the button is used. */
function begin() {
	const system = window.matchMedia("(prefers-color-scheme: dark)");
	let isChosen = false;
	setTheme(system.matches ? "dark" : "light");
	const app = new App(readDocument(document.getElementById("data").textContent));
	document.getElementById("theme").addEventListener("click", () => {
		isChosen = true;
		setTheme(isDark() ? "light" : "dark", app);
	});
	system.addEventListener("change", () => isChosen || setTheme(system.matches ? "dark" : "light", app));
	printInLight(app);
	window.vmatrace = app;
	performance.measure("vmatrace-open");
}

begin();
