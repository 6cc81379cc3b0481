/* SPDX-License-Identifier: MIT */
/* The page's data: the contents of the JSON report, unpacked. */

/* Characters that would change or hide other text are shown by their numbers. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3164\ufeff\ufff0-\uffff]|[\u{e0000}-\u{e0fff}]/gu;

function cleanText(text) {
	return text.replace(UNSAFE, (c) => "\\u" + c.codePointAt(0).toString(16).padStart(4, "0"));
}

function cleanAll(value) {
	if (typeof value === "string")
		return cleanText(value);
	if (Array.isArray(value))
		return value.map(cleanAll);
	if (value && typeof value === "object")
		return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, cleanAll(part)]));
	return value;
}

/* See json_pack.h. */
function makeUnpack(shapes, frames) {
	const known = new Map();
	const frame = (i) => {
		if (!known.has(i))
			known.set(i, unpack(frames[i]));
		return known.get(i);
	};
	const object = (keys, packed) => {
		const made = {};
		keys.forEach((key, i) => {
			made[key] = unpack(packed[i + 1]);
		});
		return made;
	};
	const unpack = (packed) => {
		if (typeof packed === "string")
			return cleanText(packed);
		if (!Array.isArray(packed))
			return packed;
		if (packed[0] === -1)
			return packed.slice(1).map(unpack);
		if (packed[0] === -2)
			return packed.slice(1).map(frame);
		return object(shapes[packed[0]], packed);
	};
	return unpack;
}

function unpackMembers(process, unpack) {
	const made = {};
	for (const [key, value] of Object.entries(process))
		made[key] = key === "sites" ? value.map(unpack) : unpack(value);
	return made;
}

/* Read numbers in base 64: see html_space.c. */
function makeReader(text) {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const value = new Uint8Array(128);
	let at = 0;
	for (let i = 0; i < 64; i++)
		value[digits.charCodeAt(i)] = i;
	return () => {
		let number = 0;
		let weight = 1;
		for (;;) {
			const digit = value[text.charCodeAt(at++)];
			if (!(digit & 32))
				return number + digit * weight;
			number += (digit & 31) * weight;
			weight *= 32;
		}
	};
}

function readClasses(space) {
	return space.classes.map(([kind, detail, name, apart, putBy, mappedBy, flags, shows, mark, hasOffset]) => ({
		kind, putBy, mappedBy, flags, shows, hasOffset,
		detail: cleanText(space.texts[detail]),
		name: cleanText(space.texts[name]),
		apart: cleanText(space.texts[apart]),
		mark: cleanText(space.texts[mark]),
		protection: protectionOf(flags),
	}));
}

function protectionOf(flags) {
	return (flags & 1 ? "r" : "-") + (flags & 2 ? "w" : "-") + (flags & 4 ? "x" : "-") +
		(flags & 8 ? "s" : "p");
}

/* The columns of all maps, in pages and milliseconds. */
function readSpace(space) {
	const n = space.count;
	const read = makeReader(space.maps);
	const maps = {
		count: n, page: space.page, hole: space.hole, classes: readClasses(space),
		start: new Float64Array(n), pages: new Float64Array(n),
		of: new Uint32Array(n), time: new Float64Array(n), offset: new Map(),
	};
	let end = 0;
	let time = 0;
	for (let i = 0; i < n; i++) {
		maps.start[i] = end + read();
		maps.pages[i] = read();
		maps.of[i] = read();
		const step = read();
		time += step % 2 ? -(step - 1) / 2 : step / 2;
		maps.time[i] = time;
		if (maps.classes[maps.of[i]].hasOffset)
			maps.offset.set(i, read());
		end = maps.start[i] + maps.pages[i];
	}
	return maps;
}

/* The labelled sentences at the top of the text report: "cause", "help" and so on. */
function readSentences(lines) {
	const sentences = [];
	for (const line of lines.slice(1)) {
		if (!line.trim())
			break;
		const label = line.slice(0, 10).trim();
		const text = line.slice(10).trim();
		if (label)
			sentences.push({ label, text });
		else if (sentences.length)
			sentences[sentences.length - 1].text += " " + text;
	}
	return sentences;
}

/* How long the process ran and how it ended: what the text report's heading has behind the command. */
function readEnding(lines) {
	const more = lines.slice(1).findIndex((line) => line.slice(0, 10).trim() || !line.trim());
	const heading = [lines[0] || "", ...lines.slice(1, 1 + Math.max(0, more)).map((line) => line.trim())].join(" ");
	return heading.match(/, (\d[\d.,]* \S+, [^,]+)$/)?.[1] || "";
}

function readDocument(text) {
	const packed = JSON.parse(text);
	const unpack = makeUnpack(packed.shapes, packed.frames);
	return {
		version: packed.version,
		first: packed.first,
		diff: packed.diff ? cleanAll(packed.diff) : null,
		processes: packed.processes.map((process) => unpackMembers(process, unpack)),
		pages: packed.pages.map((page) => page && {
			text: page.text.map(cleanText),
			sentences: readSentences(page.text.map(cleanText)),
			ending: readEnding(page.text.map(cleanText)),
			names: (page.names || []).map(cleanText),
			peak: page.peak,
			space: page.space,
		}),
	};
}
