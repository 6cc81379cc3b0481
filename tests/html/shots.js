// SPDX-License-Identifier: MIT
// Makes pictures of pages, at 1280 pixels and then reduced: node shots.js FOLDER PAGE:SECTION...
// Each shows the page from its top to the picture or the legend of that section, whichever is lower.
"use strict";
const path = require("path");
const { Browser } = require("./browser.js");

async function main([folder, ...pages]) {
	const browser = new Browser();
	try {
		for (const page of pages) {
			const [file, section] = page.split(":");
			await browser.open(file, 1280, 1200);
			await browser.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
			const end = await browser.value("[...document.querySelectorAll('#" + section + " .picture, #" + section + " .legend')].at(-1).getBoundingClientRect().bottom + scrollY + 10");
			await browser.resize(1280, Math.ceil(end));
			await browser.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
			await browser.screenshot(path.join(folder, path.basename(file, ".html") + ".png"), false, 0.75);
		}
	} finally {
		browser.close();
	}
}

main(process.argv.slice(2)).catch((error) => {
	console.error(error.message);
	process.exitCode = 1;
});
