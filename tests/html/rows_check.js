// SPDX-License-Identifier: MIT
// One line of a program that is reached by many stacks is one row of the page's tables, and of maps that
// are gone the page tells first how many there were: node rows_check.js KEPT GONE. The program is in
// tests/html.sh.
"use strict";
const assert = require("assert");
const { browser, test, value, drawn, changes, quiet } = require("./page.js");

async function rowsAreLines(lines) {
	const names = await value("[...document.querySelectorAll('#sites summary')].map((summary) => summary.textContent)");
	assert.deepStrictEqual(names.filter((name, i) => names.indexOf(name) !== i), []);
	const cells = await value(`[...document.querySelectorAll('#sites tr')].find((tr) => tr.textContent.includes("in guard")).innerText.split(/\\s*\\t/)`);
	assert.deepStrictEqual(cells.slice(1, 4), lines, cells.join("|"));
	await value("[...document.querySelectorAll('#sites summary')].find((s) => s.textContent.includes('in guard')).click()");
	await drawn();
	const said = await value("[...document.querySelectorAll('#sites details')].find((d) => d.open).innerText");
	assert(/25 stacks; the 20 with the most maps:/.test(said), said);
	const stacks = await value("[...document.querySelectorAll('#sites details')].find((d) => d.open).textContent");
	assert(/guard rows\.c:\d+ \[by pointer\]guard rows\.c:\d+guard/.test(stacks), stacks.slice(0, 500));
	await changes(() => browser.click("#sites details[open] button"));
	const [lit, all] = await value("[window.vmatrace.selected.size, document.querySelectorAll('#sites tr[aria-selected=true]').length]");
	assert.deepStrictEqual([lit, all], [25, 1]);
	await browser.click("#chosen button");
	return cells.join(" | ");
}

async function pairsAreLines() {
	const rows = await value("[...document.querySelectorAll('#findings tbody tr')].map((tr) => [...tr.children].slice(0, 2).map((td) => td.textContent).join(' by '))");
	const pairs = rows.filter((row) => row.includes("in guard"));
	assert.strictEqual(pairs.length, 1, pairs.join());
	return pairs[0];
}

async function goneIsTold(isGone) {
	const order = await value("[...document.querySelectorAll('section')].map((s) => s.id).filter((id) => ['time', 'space'].includes(id)).join()");
	assert.strictEqual(order, isGone ? "time,space" : "space,time");
	assert.strictEqual(await value("window.vmatrace.flame.value"), isGone ? "live_at_peak" : "live");
	assert.strictEqual(await value("document.querySelector('#sites th[aria-sort=descending]').textContent"), isGone ? "at peak" : "now");
}

async function main([kept, gone]) {
	try {
		await browser.open(kept);
		await test("rows-are-lines", () => rowsAreLines(["200", "200", "100"]));
		await test("pairs-are-lines", pairsAreLines);
		await test("kept-is-told", () => goneIsTold(false));
		await browser.open(gone);
		await test("gone-is-told", () => goneIsTold(true));
		await test("rows-no-complaint", quiet);
	} finally {
		browser.close();
	}
}

main(process.argv.slice(2)).catch((error) => {
	console.log("FAIL", "browser", error.message);
	process.exitCode = 1;
});
