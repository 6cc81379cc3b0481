// SPDX-License-Identifier: MIT
// Pages of report --format=html as a reader uses them, in a real browser:
//
//   node page_check.js real PAGE JSON     what it says and does; JSON is the same as --format=json
//   node page_check.js diff PAGE JSON     what changed, as in diff --format=json
//   node page_check.js shows PAGE KIND... each map is to be seen in the picture, and close up are these kinds
//   node page_check.js hostile PAGE...    nothing of what names say is done, and no error
//   node page_check.js large PAGE         how soon it opens, and frames a second while it moves
//
// Prints "ok NAME DETAIL" or "FAIL NAME DETAIL" for each.
"use strict";
const assert = require("assert");
const fs = require("fs");
const { browser, test, value, text, drawn, changes, quiet } = require("./page.js");

/* -- what it says -- */

async function says(json) {
	const page = await value("window.vmatrace.doc.processes");
	assert.deepStrictEqual(page, json.processes);
	return `${json.processes.length} processes as in JSON`;
}

async function headline(process) {
	const said = await text("#headline");
	const peak = process.maps.peak.toLocaleString("en-US");
	assert(said.includes(peak) && said.includes(process.maps.limit.toLocaleString("en-US")), said);
	assert(said.includes("cause") && said.includes(process.patterns[0].what), said);
	assert(said.includes(process.patterns[0].remedy), said);
	assert(/\d s, exit 0/.test(said), said);
	assert(!/[-−][\d,]+: /.test(said), said);
	const share = Math.round(((process.maps.peak + (process.maps.own || 0)) * 100) / process.maps.limit);
	assert(said.includes(`${share} % of the limit`) && said.includes(`(${share} %)`), `not ${share} %: ${said}`);
	return said.match(/cause.{60}/)?.[0];
}

/* Each map as the recording has it, and its neighbours. */
async function mapsAreAll(process) {
	const [count, pages, sites] = await value(`(() => { const { maps } = window.vmatrace;
		const sites = {}; for (let i = 0; i < maps.count; i++) { const s = maps.classes[maps.of[i]].putBy; sites[s] = (sites[s] || 0) + 1; }
		return [maps.count, maps.pages.reduce((a, b) => a + b, 0) * maps.page, sites]; })()`);
	assert.strictEqual(count, process.maps.now);
	assert.strictEqual(pages, process.kinds.reduce((sum, kind) => sum + kind.bytes, 0));
	for (const site of process.sites)
		assert.strictEqual(sites[site.id] || 0, site.live, `site ${site.id}`);
	return `${count} maps`;
}

/* -- the picture -- */

async function keysInPicture() {
	await value("document.getElementById('picture').focus()");
	await browser.key("Home");
	const first = await text("#space .said");
	await browser.key("ArrowRight");
	const second = await text("#space .said");
	assert.notStrictEqual(first, second);
	assert(/0x[0-9a-f]+ to 0x[0-9a-f]+/.test(second) && second.includes("put by"), second);
	await browser.key("End");
	assert.strictEqual(await value("window.vmatrace.picture.focus"), (await value("window.vmatrace.maps.count")) - 1);
}

async function zooms() {
	await value("document.getElementById('picture').focus()");
	await browser.key("0");
	await drawn();
	const scale = await value("window.vmatrace.picture.scale");
	await changes(() => browser.key("+"));
	assert((await value("window.vmatrace.picture.scale")) > scale * 1.2);
	for (let i = 0; i < 30; i++)
		await browser.key("+");
	assert.strictEqual(await value("window.vmatrace.picture.scale"), 96, "a page is not to be seen");
	await changes(() => browser.key("0"));
	const [x, y] = await browser.middle(".scroller");
	await changes(() => browser.mouse("mouseWheel", x, y, { deltaX: 0, deltaY: -200, modifiers: 2, button: "none", buttons: 0 }));
}

/* What the pointer is at is the map that the arrow keys would say the same of. */
async function hovers() {
	await value("document.getElementById('picture').focus()");
	await browser.key("0");
	await value("window.vmatrace.picture.setFocus(Math.floor(window.vmatrace.maps.count / 2))");
	await value("for (let i = 0; i < 12; i++) window.vmatrace.picture.zoomFocus(1.5)");
	await drawn();
	await browser.middle(".scroller");
	const [x, y] = await value(`(() => { const p = window.vmatrace.picture, b = p.canvas.getBoundingClientRect();
		const i = p.focus, row = p.rowOfUnit(window.vmatrace.layout.at[i]), s = p.span(row);
		return [b.left + (window.vmatrace.layout.at[i] - s.from) * p.scale + 3, b.top + row * 24 - p.scroller.scrollTop + 8]; })()`);
	await browser.mouse("mouseMoved", x, y);
	const tip = await text("#tip");
	assert.strictEqual(tip, await text("#space .said"));
	assert(tip.includes("put by"), tip);
	return tip;
}

async function lights() {
	await value("window.vmatrace.select(null)");
	await changes(() => browser.click("#sites tbody tr:nth-child(2) td.n"));
	assert.strictEqual(await value("document.querySelectorAll('#sites tr[aria-selected=true]').length"), 1);
	assert(await value("document.getElementById('chosen') !== null"));
	await changes(async () => {
		await value("document.getElementById('picture').focus()");
		await browser.key("Escape");
	});
	await changes(() => browser.click("#space .legend button"));
	await browser.click("#space .legend button");
}

async function colours() {
	const said = new Set();
	for (const mode of ["site", "pattern", "protection", "age", "kind"]) {
		await value(`(() => { const s = document.querySelector('#space select'); s.value = '${mode}'; s.dispatchEvent(new Event('change')); })()`);
		await drawn();
		said.add(await text("#space .legend"));
	}
	assert.strictEqual(said.size, 5);
	assert([...said][0].includes("mprotect in split program.c:"), [...said][0]);
	assert([...said][2].includes("no access (---): 2,0"), [...said][2]);
}

/*
 * Every map of the rows that are visible has a pixel that is of nothing but its colour, and narrow
 * neighbours of one kind differ.
 */
async function eachIsSeen() {
	await drawn();
	const [maps, missing] = await value(`(() => {
		const p = window.vmatrace.picture, { layout } = window.vmatrace;
		const first = Math.floor(p.scroller.scrollTop / 24), { width, height } = p.strip;
		const data = p.strip.getContext("2d").getImageData(0, 0, width, height).data;
		const missing = [];
		let maps = 0;
		for (let line = 0; line < height; line++) {
			const { cluster, from, to } = p.span(first + line);
			for (let i = cluster.first; first + line > cluster.row && i <= cluster.last; i++) {
				const x = (layout.at[i] - from) * p.scale, end = x + layout.width[i] * p.scale;
				if (x < 1 || layout.at[i] + layout.width[i] > to)
					continue;
				const colour = end - x > 5 ? p.colourOf(i) : p.shadeOf(i);
				if (end - x <= 5 && p.isLikeBelow(i) && String(colour) === String(p.shadeOf(i - 1)))
					missing.push(i);
				const isThere = (at) => colour.every((part, k) => data[(line * width + at) * 4 + k] === part);
				maps++;
				if (![...Array(Math.ceil(end) - Math.floor(x) + 2).keys()].some((k) => isThere(Math.floor(x) - 1 + k)))
					missing.push(i);
			}
		}
		return [maps, missing.slice(0, 9)];
	})()`);
	assert(maps > 50, `${maps} maps`);
	assert.deepStrictEqual(missing, []);
	return `${maps} maps`;
}

async function closeUp(kinds) {
	const boxes = await value("[...document.querySelectorAll('.closeup .box b')].map((b) => b.textContent)");
	assert(boxes.length >= 12, boxes.join());
	assert.deepStrictEqual([...new Set(boxes)].sort(), [...kinds].sort());
	return boxes.length + " boxes";
}

/* Neighbours that look alike say what keeps them apart, in words and by a shade. */
async function marks() {
	const boxes = await value(`[...document.querySelectorAll('.closeup .box')].map((box) => ({
		look: box.querySelector('b').textContent + box.querySelector('span').textContent, isGap: box.classList.contains('gap'),
		mark: box.querySelector('i')?.textContent || '', colour: box.style.background }))`);
	let alike = 0;
	for (let i = 1; i < boxes.length; i++) {
		if (boxes[i].isGap || boxes[i].look !== boxes[i - 1].look)
			continue;
		alike++;
		assert(boxes[i].mark && boxes[i].mark !== boxes[i - 1].mark, `both are "${boxes[i].mark}"`);
		assert.notStrictEqual(boxes[i].colour, boxes[i - 1].colour, boxes[i].mark);
	}
	const said = await text(".closeup");
	assert(said.includes("not to scale") && !said.includes("is unknown"), said);
	return `${alike} pairs, ${boxes[0].mark} | ${boxes[1].mark}`;
}

/* The colours and signs have a key above the overview, and a bar of many maps has its number on it. */
async function overviewSays() {
	const legend = await text("#space .legend");
	assert(/▭ what is shown below⋯ addresses left out/.test(legend), legend);
	const [bottom, top] = await value("['.legend', '.overview'].map((s) => document.querySelector('#space ' + s).getBoundingClientRect()).map((r, i) => i ? r.top : r.bottom)");
	assert(bottom <= top, `legend to ${bottom}, overview from ${top}`);
	const counts = await value("window.vmatrace.picture.counts");
	const all = await value("window.vmatrace.maps.count");
	if (all < 500)
		return "each map is to be seen";
	assert(/^[\d,]+ maps$/.test(counts[0]), counts.join());
	const sum = counts.reduce((n, count) => n + +count.replace(/[^\d]/g, ""), 0);
	assert(sum <= all && sum > all * 0.8, `${counts.join()} of ${all}`);
	return counts.join();
}

async function shows(page, kinds) {
	const name = page.replace(/.*\/|\.html/g, "");
	await browser.open(page);
	await test(`${name}-each-is-seen`, eachIsSeen);
	await test(`${name}-close-up`, () => closeUp(kinds));
	await test(`${name}-marks`, marks);
	await test(`${name}-overview`, overviewSays);
}

/* -- the rest -- */

async function sorts() {
	const column = () => value("[...document.querySelectorAll('#sites tbody tr td:nth-child(4)')].map((td) => +td.textContent.replace(/,/g, ''))");
	await browser.click("#sites th:nth-child(4) button");
	const down = await column();
	assert.deepStrictEqual(down, [...down].sort((a, b) => b - a));
	assert.strictEqual(await value("document.querySelector('#sites th:nth-child(4)').ariaSort"), "descending");
	await browser.click("#sites th:nth-child(4) button");
	assert.deepStrictEqual(await column(), [...down].sort((a, b) => a - b));
	assert(new Set(down).size > 2, "nothing to sort");
}

async function filters() {
	const rows = () => value("document.querySelectorAll('#sites tbody tr').length");
	const all = await rows();
	await browser.click("#sites input[type=search]");
	await browser.type("mprotect");
	const some = await rows();
	assert(some > 0 && some < all, `${some} of ${all}`);
	assert((await text("#sites .count")).includes("match"));
	for (let i = 0; i < 8; i++)
		await browser.key("Backspace", "");
	await value("(() => { const i = document.querySelector('#sites input'); i.value = ''; i.dispatchEvent(new Event('input')); })()");
}

async function searches() {
	await browser.click("#flame-search");
	await browser.type("split");
	const found = await value("document.querySelectorAll('.flame .match').length");
	assert(found > 0, "nothing found");
	const said = await text("#flame .said");
	assert(/\(\d+ %\) go through "split"/.test(said), said);
	return said;
}

async function flameKeys() {
	await value("document.querySelector('.flame .frame').focus()");
	await browser.key("ArrowDown");
	await browser.key("ArrowDown");
	const name = await value("document.activeElement.textContent");
	await browser.key("Enter");
	assert((await text("#flame .said")).length > 0 && (await value("window.vmatrace.flame.top.name")) === name, name);
	await browser.key("Escape");
	await browser.key("Escape");
	assert.strictEqual(await value("window.vmatrace.flame.top.name"), "all");
	await value("(() => { const s = document.querySelectorAll('#flame select')[1]; s.value = 'up'; s.dispatchEvent(new Event('change')); })()");
	const roots = await value("[...window.vmatrace.flame.root.children.values()].map((node) => node.name)");
	assert(roots.includes("mprotect") && !roots.includes("_start"), roots.join());
}

async function brushes() {
	const [x, y] = await browser.middle(".timeline");
	await browser.mouse("mousePressed", x - 300, y);
	await browser.mouse("mouseMoved", x, y, { buttons: 1 });
	await browser.mouse("mouseMoved", x + 300, y, { buttons: 1 });
	await browser.mouse("mouseReleased", x + 300, y, { buttons: 0 });
	const said = await text("#time .said");
	assert(/^From .* to .*: [\d,]+ to [\d,]+ maps/.test(said), said);
	assert((await value("+document.querySelector('.brush').getAttribute('width')")) > 100);
	return said.slice(0, 80);
}

/* The line of all maps is to be seen, and the call sites' areas are not above it. */
async function course() {
	const [line, areas] = await value(`(() => { const above = document.querySelector('.timeline').getBoundingClientRect().top;
		const top = (e) => { const box = e.getBoundingClientRect(); return box.width > 100 ? box.top - above : -1; };
		return [top(document.querySelector('.timeline .count')), Math.min(...[...document.querySelectorAll('.timeline .area')].map(top))]; })()`);
	assert(line > 0, "no line is to be seen");
	assert(areas > line - 2, `areas from ${areas}, the line from ${line}`);
	return `line from ${Math.round(line)}, areas from ${Math.round(areas)}`;
}

async function theme() {
	const paper = () => value("getComputedStyle(document.body).backgroundColor");
	const before = await paper();
	await changes(() => browser.click("#theme"));
	const dark = await paper();
	assert.notStrictEqual(dark, before);
	await browser.click("#theme");
	await browser.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
}

/* Paper is light, whatever the screen is. */
async function prints() {
	const theme = () => value("document.documentElement.dataset.theme");
	await browser.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: "dark" }] });
	await value("if (document.documentElement.dataset.theme === 'light') document.getElementById('theme').click()");
	await value("addEventListener('beforeprint', () => { window.printed = document.documentElement.dataset.theme; })");
	const { data } = await browser.send("Page.printToPDF", { printBackground: true });
	assert.deepStrictEqual([await value("window.printed"), await theme()], ["light", "dark"]);
	return `${Buffer.from(data, "base64").length} bytes of PDF`;
}

/* Everything that does something can be reached, and has a name. */
async function named() {
	const nameless = await value(`[...document.querySelectorAll("button, input, select, a, [tabindex]")].filter((e) =>
		!(e.ariaLabel || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML.slice(0, 80))`);
	assert.deepStrictEqual(nameless, []);
	assert.strictEqual(await value("document.querySelectorAll('h1').length"), 1);
	const labelled = await value("[...document.querySelectorAll('section')].every((s) => document.getElementById(s.getAttribute('aria-labelledby')))");
	assert(labelled);
}

/* Nothing but tables, which scroll by themselves, is wider than a telephone. */
async function narrow() {
	await browser.resize(390, 844);
	await drawn();
	const [page, screen] = await value("[document.documentElement.scrollWidth, document.documentElement.clientWidth]");
	await browser.resize(1280, 900);
	assert(page <= screen, `${page} of ${screen} pixels`);
}

async function opensOthers() {
	const [n, title] = await value("[document.querySelectorAll('#processes button').length, document.title]");
	assert(n > 1, `${n} processes to open`);
	/* The picture of the first is still to be drawn once more then, with its last map in focus. */
	await value("window.vmatrace.picture.setFocus(1e9)");
	await value("window.vmatrace.picture.draw(); [...document.querySelectorAll('#processes button')].find((b) => !b.hasAttribute('aria-current')).click()");
	await drawn();
	assert.notStrictEqual(await value("document.title"), title);
	return `${title} and ${await value("document.title")}`;
}

async function real(page, jsonFile) {
	const json = JSON.parse(fs.readFileSync(jsonFile, "utf8"));
	const process = json.processes.reduce((a, b) => (b.maps.peak > a.maps.peak ? b : a));
	await browser.open(page);
	await test("no-complaint-opened", quiet);
	await test("as-json", () => says(json));
	await test("headline", () => headline(process));
	await test("all-maps", () => mapsAreAll(process));
	const tests = { keysInPicture, zooms, hovers, lights, colours, sorts, filters, searches, flameKeys, course, brushes, theme, prints, named, narrow };
	for (const [name, body] of Object.entries(tests))
		await test(name.replace(/[A-Z]/g, (c) => "-" + c.toLowerCase()), body);
	await test("opens-others", opensOthers);
	await test("no-complaint", quiet);
}

/* -- two runs -- */

async function differs(page, jsonFile) {
	const json = JSON.parse(fs.readFileSync(jsonFile, "utf8"));
	await browser.open(page);
	assert.deepStrictEqual(await value("window.vmatrace.doc.diff"), json);
	const rows = await value("[...document.querySelectorAll('#changes tbody tr')].map((tr) => [tr.className, tr.children[1].textContent])");
	assert.deepStrictEqual(rows.map((row) => row[1]), json.sites.map(({ change }) => (change > 0 ? "+" : "") + change.toLocaleString("en-US")));
	assert(rows.some(([name]) => name === "more"), "nothing grown");
	const legend = await text("#space .legend");
	assert(legend.includes("+ of call sites with more maps"), legend);
	await changes(() => browser.click("#changes tr.more td.n"));
	assert((await text("#chosen")).includes("in split program.c"), await text("#chosen"));
	await quiet();
	return legend;
}

/* -- names that would do something -- */

async function inert(page) {
	browser.complaints = [];
	await browser.open(page);
	const found = await value(`(() => {
		const bad = [...document.querySelectorAll("main script, main img, main iframe, main b[onclick], main [onerror], main svg script, main style, main link")];
		return { bad: bad.length, scripts: document.scripts.length, done: window.hostile === undefined, ready: Boolean(window.vmatrace.process) };
	})()`);
	assert.deepStrictEqual(found, { bad: 0, scripts: 2, done: true, ready: true });
	const odd = await value(`(document.body.innerText + document.title).match(/[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff]/)?.[0].codePointAt(0).toString(16)`);
	assert.strictEqual(odd, undefined);
	await value("document.querySelectorAll('details').forEach((d) => { d.open = true; })");
	await value("[...document.querySelectorAll('.frame, .box')].slice(0, 40).forEach((e) => e.dispatchEvent(new PointerEvent('pointermove')))");
	await narrow();
	await quiet();
}

/* A page into which somebody has put a script or a style all the same. */
async function policy(page) {
	const changed = page + ".changed.html";
	fs.writeFileSync(changed, fs.readFileSync(page, "utf8").replace("<main", "<script>window.hostile = 1</script><img src=x onerror='window.hostile = 2'><main"));
	browser.complaints = [];
	await browser.open(changed);
	assert.strictEqual(await value("window.hostile === undefined && Boolean(window.vmatrace)"), true);
	assert(browser.complaints.some((text) => text.includes("Content Security Policy")), "no word of the policy");
	browser.complaints = [];
}

/* -- many maps -- */

async function opens(page) {
	const times = [];
	for (let i = 0; i < 3; i++) {
		await browser.open(page);
		times.push(await value("performance.getEntriesByName('vmatrace-open')[0].duration"));
	}
	const ms = Math.min(...times);
	assert(ms < 2000, `${Math.round(ms)} ms`);
	return `${Math.round(ms)} ms, ${await value("window.vmatrace.maps.count")} maps, ${fs.statSync(page).size} bytes`;
}

/*
 * Frames of a second of moving, and what one takes to draw. The machine may do other work as well, so
 * that it is the quickest quarter that must be quick enough for 30 in a second.
 */
async function moves(how) {
	await browser.middle(".scroller");
	await value("window.vmatrace.picture.fit(); window.vmatrace.picture.setScale(2)");
	const [fps, ms] = await value(`new Promise((done) => { const p = window.vmatrace.picture, took = []; let n = 0; const start = performance.now();
		const draw = p.drawNow; p.drawNow = function () { const at = performance.now(); draw.call(p); took.push(performance.now() - at); };
		const step = (now) => { if (now - start > 1000) { delete p.drawNow; took.sort((a, b) => a - b);
			done([n * 1000 / (performance.now() - start), took[took.length >> 2]]); return; }
			n++; ${how}; requestAnimationFrame(step); };
		requestAnimationFrame(step); })`);
	assert(ms < 33, `${ms.toFixed(1)} ms for a frame`);
	return `${fps.toFixed(0)} frames a second, ${ms.toFixed(1)} ms to draw one`;
}

async function large(page) {
	await test("opens-in-2-s", () => opens(page));
	await test("pans", () => moves("p.scroller.scrollTop = n * 30"));
	await test("zooms-at-speed", () => moves("p.zoom(n % 60 < 30 ? 1.1 : 1 / 1.1)"));
	await test("no-complaint-large", quiet);
}

async function main([what, ...files]) {
	try {
		if (what === "real")
			await real(...files);
		else if (what === "diff")
			await test("changes", () => differs(...files));
		else if (what === "shows")
			await shows(files[0], files.slice(1));
		else if (what === "large")
			await large(...files);
		else
			for (const file of files)
				await test(`inert-${file.replace(/.*\/|\.html/g, "")}`, () => inert(file));
		if (what === "hostile")
			await test("policy", () => policy(files[0]));
	} finally {
		browser.close();
	}
}

main(process.argv.slice(2)).catch((error) => {
	console.log("FAIL", "browser", error.message);
	process.exitCode = 1;
});
