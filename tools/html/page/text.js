/* SPDX-License-Identifier: MIT */
/* Numbers and names as text, and elements with text: a name never becomes markup. */

const number = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en-US"));
const signed = (value) => (value > 0 ? "+" : "") + number(value);
const counted = (n, one, many) => `${number(n)} ${n === 1 ? one : many || one + "s"}`;
/* To the nearest, but 100 only if it is all, as in the text report. */
const percentOf = (part, all) => (part < all ? Math.min(99, Math.round((part * 100) / all)) : Math.floor((part * 100) / all));
const percent = (part, all) => (all ? `${percentOf(part, all)} %` : "");

function bytesText(bytes) {
	const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
	let i = 0;
	while (bytes >= 1024 && i + 1 < units.length) {
		bytes /= 1024;
		i++;
	}
	if (!bytes)
		return "0";
	return `${bytes < 10 && i && bytes % 1 ? bytes.toFixed(1) : Math.round(bytes)} ${units[i]}`;
}

function secondsText(seconds) {
	if (seconds === null || seconds === undefined)
		return "–";
	if (seconds < 1)
		return `${Math.round(seconds * 1000)} ms`;
	return seconds < 100 ? `${seconds.toFixed(seconds < 10 ? 2 : 1)} s` : `${number(Math.round(seconds))} s`;
}

const addressText = (page, size) => "0x" + (BigInt(page) * BigInt(size)).toString(16);
const baseName = (path) => path.slice(path.lastIndexOf("/") + 1) || path;

/* make("td", { class: "n", onclick: f }, "text", element…) */
function make(tag, attributes, ...children) {
	const element = document.createElement(tag);
	addAttributes(element, attributes);
	for (const child of children.flat(Infinity))
		if (child !== null && child !== undefined && child !== false)
			element.append(child);
	return element;
}

function makeSvg(tag, attributes, ...children) {
	const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
	addAttributes(element, attributes);
	element.append(...children.filter(Boolean));
	return element;
}

function addAttributes(element, attributes) {
	for (const [key, value] of Object.entries(attributes || {})) {
		if (key.startsWith("on"))
			element.addEventListener(key.slice(2), value);
		else if (key === "css")
			Object.entries(value).forEach(([name, css]) => element.style.setProperty(name, css));
		else if (value === true)
			element.setAttribute(key, "");
		else if (value !== false && value !== null && value !== undefined)
			element.setAttribute(key, value);
	}
}

function section(id, title, ...children) {
	return make("section", { id, "aria-labelledby": id + "-title" },
		make("h2", { id: id + "-title" }, title), children);
}

/* A frame of a stack: "guard pool.c:6", "puts (libc.so.6)", "libpool.so+0x1139". */
function frameText(frame) {
	const module = frame.module ? baseName(frame.module) : "unknown";
	if (!frame.function)
		return `${module}+0x${frame.offset.toString(16)}`;
	if (frame.file)
		return `${frame.function} ${baseName(frame.file)}${frame.line ? ":" + frame.line : ""}`;
	return `${frame.function} (${module})`;
}

/* As in the text report. */
function frameMark(frame) {
	if (frame.tail_call)
		return frame.by_pointer ? " [jump by pointer]" : " [tail call]";
	return frame.by_pointer ? " [by pointer]" : "";
}

const frameName = (frame) => frame.function || frameText(frame);

/* Several buttons of which one is on; change(value) is called when another is chosen. */
function choice(label, options, chosen, change) {
	const select = make("select", { onchange: () => change(select.value) },
		options.map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
	return make("label", {}, label + " ", select);
}
