// SPDX-License-Identifier: MIT
// A browser for one script of tests, and what these ask of the page in it. Whoever requires this closes
// the browser.
"use strict";
const assert = require("assert");
const { Browser } = require("./browser.js");

const browser = new Browser();

async function test(name, body) {
	try {
		console.log("ok", name, (await body()) ?? "");
	} catch (error) {
		console.log("FAIL", name, String(error.message).replace(/\s+/g, " ").slice(0, 400));
	}
}

const value = (expression) => browser.value(expression);
const text = (selector) => value(`document.querySelector(${JSON.stringify(selector)}).textContent`);
/* Two frames later what was asked for is drawn. */
const drawn = () => value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
const pixels = () => value("document.querySelector('.picture canvas').toDataURL()");

async function changes(what) {
	const before = await pixels();
	await what();
	await drawn();
	assert.notStrictEqual(await pixels(), before, "the picture did not change");
}

async function quiet() {
	assert.deepStrictEqual(browser.complaints, []);
	const foreign = browser.requests.filter((url) => !/^(file|data|about):/.test(url));
	assert.deepStrictEqual(foreign, []);
}

module.exports = { browser, test, value, text, drawn, changes, quiet };
