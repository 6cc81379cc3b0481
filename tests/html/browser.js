// SPDX-License-Identifier: MIT
// A headless Chromium of our own, told what to do over a pipe (the DevTools protocol): no package of
// npm, no port, no network. What its console complains of is kept in `complaints`.
"use strict";
const { spawn } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");

const FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync",
	"--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe", "--force-device-scale-factor=1"];

class Browser {
	constructor() {
		this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "vmatrace-chromium-"));
		this.process = spawn(process.env.CHROMIUM || "chromium", [...FLAGS, `--user-data-dir=${this.folder}`, "about:blank"],
			{ stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"], detached: true });
		this.waiting = new Map();
		this.complaints = [];
		this.requests = [];
		this.number = 0;
		this.rest = "";
		this.exceptions = 0;
		this.process.stdio[4].on("data", (data) => this.read(data.toString()));
	}

	read(text) {
		const parts = (this.rest + text).split("\0");
		this.rest = parts.pop();
		parts.forEach((part) => this.take(JSON.parse(part)));
	}

	take(message) {
		const waiting = this.waiting.get(message.id);
		if (waiting) {
			this.waiting.delete(message.id);
			if (message.error)
				waiting.reject(new Error(message.error.message));
			else
				waiting.resolve(message.result);
		} else if (message.method === "Runtime.exceptionThrown") {
			const details = message.params.exceptionDetails;
			this.complaints.push(details.exception?.description || details.text);
		} else if (message.method === "Log.entryAdded") {
			this.complaints.push(message.params.entry.text);
		} else if (message.method === "Runtime.consoleAPICalled") {
			this.complaints.push(message.params.args.map((arg) => arg.value).join(" "));
		} else if (message.method === "Network.requestWillBeSent") {
			this.requests.push(message.params.request.url);
		} else if (message.method === "Page.loadEventFired" && this.loaded) {
			this.loaded();
		} else if (message.method === "Page.javascriptDialogOpening") {
			this.complaints.push("a dialog: " + message.params.message);
			this.send("Page.handleJavaScriptDialog", { accept: true });
		}
	}

	send(method, params) {
		const id = ++this.number;
		this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId: this.session }) + "\0");
		return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
	}

	/* Open a page in a new tab, and wait until it is loaded. */
	async open(file, width, height) {
		this.session = undefined;
		const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
		this.session = (await this.send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
		for (const domain of ["Page", "Runtime", "Log", "Network"])
			await this.send(domain + ".enable");
		await this.resize(width || 1280, height || 900);
		const loaded = new Promise((resolve) => {
			this.loaded = resolve;
		});
		await this.send("Page.navigate", { url: "file://" + path.resolve(file) });
		await loaded;
	}

	resize(width, height) {
		return this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
	}

	/* The value of an expression in the page. */
	async value(expression) {
		const { result, exceptionDetails } = await this.send("Runtime.evaluate",
			{ expression, returnByValue: true, awaitPromise: true });
		if (exceptionDetails)
			throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
		return result.value;
	}

	/* A key as somebody would press it. */
	async key(key, text) {
		const codes = { ArrowRight: 39, ArrowLeft: 37, ArrowUp: 38, ArrowDown: 40, Enter: 13, Escape: 27, Tab: 9, Home: 36, End: 35 };
		const event = { key, windowsVirtualKeyCode: codes[key] || key.toUpperCase().charCodeAt(0), text: text ?? (key.length === 1 ? key : key === "Enter" ? "\r" : undefined) };
		await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...event });
		await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
	}

	async type(text) {
		for (const letter of text)
			await this.key(letter);
	}

	async mouse(type, x, y, more) {
		await this.send("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons: type === "mouseMoved" && !more ? 0 : 1, clickCount: 1, ...more });
	}

	/* The middle of an element, which is scrolled into sight. */
	async middle(selector) {
		return this.value(`(() => { const e = document.querySelector(${JSON.stringify(selector)});
			e.scrollIntoView({ block: "center" }); const b = e.getBoundingClientRect();
			return [b.left + b.width / 2, b.top + b.height / 2]; })()`);
	}

	async click(selector) {
		const [x, y] = await this.middle(selector);
		await this.mouse("mousePressed", x, y);
		await this.mouse("mouseReleased", x, y, { buttons: 0 });
	}

	/* The window as it is, or all of the page; a scale reduces it. */
	async screenshot(file, isWhole, scale) {
		const height = isWhole ? "document.documentElement.scrollHeight" : "innerHeight";
		const size = await this.value(`[document.documentElement.clientWidth, ${height}]`);
		const clip = { x: 0, y: 0, width: size[0], height: Math.min(size[1], 6000), scale: scale || 1 };
		const { data } = await this.send("Page.captureScreenshot", { captureBeyondViewport: Boolean(isWhole), clip });
		fs.writeFileSync(file, Buffer.from(data, "base64"));
	}

	close() {
		try {
			process.kill(-this.process.pid, "SIGKILL");
		} catch {
			/* it has ended by itself */
		}
		fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
	}
}

module.exports = { Browser };
