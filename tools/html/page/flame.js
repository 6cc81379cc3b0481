/* SPDX-License-Identifier: MIT */
/*
 * A flame graph of the call sites' stacks, which shows where the maps come from. The width of a box
 * is the number of maps of all stacks that go through it. Callers are above the functions they
 * call; when the graph is inverted, the boxes below a function are its callers.
 */
const FLAME_ROW = 21, FLAME_LEAST = 0.25; /* the narrowest box, in per cent of the width */
const FLAME_VALUES = [["live", "maps now"], ["live_at_peak", "maps at the peak"], ["created", "created"],
	["split", "split off"], ["merged", "merged"]];
const TINTS = ["#f6c98b", "#a9d5f2", "#8fd3bd", "#f3e78a", "#e6b7d2", "#f0a98a", "#c7c2ea", "#c9d1d9"];

/* The frames of a stack: the outermost first, the system call last. */
function stackNames(site) {
	if (site.kind !== "call")
		return [{ name: `[${site.kind === "startup" ? "start-up" : "unseen"}]`, module: "" }];
	const frames = site.stack.map((frame) => ({ name: frameName(frame), module: frame.module || "", title: frameText(frame) })).reverse();
	if (site.truncated)
		frames.unshift({ name: "[truncated]", module: "" });
	return frames.concat({ name: site.call, module: "", title: `system call ${site.call}` });
}

function growTree(sites, value, isBottomUp) {
	const root = { name: "all", value: 0, children: new Map(), sites: [] };
	for (const site of sites) {
		const n = site[value];
		if (!(n > 0))
			continue;
		const names = isBottomUp ? stackNames(site).reverse() : stackNames(site);
		let node = root;
		node.value += n;
		for (const frame of names) {
			const key = frame.name + "\0" + frame.module;
			if (!node.children.has(key))
				node.children.set(key, { ...frame, value: 0, children: new Map(), sites: [], parent: node });
			node = node.children.get(key);
			node.value += n;
		}
		node.sites.push(site.id);
	}
	return root;
}

function tintOf(module) {
	let sum = 0;
	for (const c of baseName(module))
		sum = (sum * 31 + c.codePointAt(0)) % 9973;
	return module ? TINTS[sum % TINTS.length] : "#dfe3e8";
}

class Flame {
	constructor(app) {
		this.app = app;
		this.value = app.page.peak ? "live_at_peak" : app.process.sites.some((site) => site.kind === "call" && site.live) ? "live" : "created";
		this.isBottomUp = false;
		this.search = "";
		this.box = make("div", { class: "flame", role: "tree", "aria-label": "Flame graph of call stacks", onkeydown: (event) => this.onKey(event) });
		this.said = make("p", { class: "said", "aria-live": "polite" });
		this.grow();
	}

	grow() {
		this.root = growTree(this.app.process.sites, this.value, this.isBottomUp);
		this.top = this.root;
		this.show();
	}

	matches(node) {
		return this.search && (node.title || node.name).toLowerCase().includes(this.search);
	}

	/* Count the maps of the boxes that match, each map once. */
	sumMatches(node) {
		if (this.matches(node))
			return node.value;
		return [...node.children.values()].reduce((sum, child) => sum + this.sumMatches(child), 0);
	}

	show() {
		const boxes = [];
		this.depth = 0;
		const chain = [];
		for (let node = this.top.parent; node; node = node.parent)
			chain.unshift(node);
		chain.forEach((node, i) => boxes.push(this.makeBox(node, 0, 100, i, true)));
		this.place(this.top, 0, 100, chain.length, boxes);
		this.box.replaceChildren(...boxes);
		this.box.style.height = (this.depth + 1) * FLAME_ROW + "px";
		this.say();
	}

	say() {
		const what = FLAME_VALUES.find(([key]) => key === this.value)[1];
		const n = this.search ? this.sumMatches(this.top) : 0;
		this.said.textContent = this.search ?
			`${number(n)} of ${number(this.top.value)} (${percent(n, this.top.value) || "0 %"}) go through "${this.search}".` :
			`${number(this.top.value)} ${what}${this.top === this.root ? "" : ` in ${this.top.name}`}. Choose a box to look into it, Escape to get back.`;
	}

	place(node, left, width, depth, boxes) {
		this.depth = Math.max(this.depth, depth);
		boxes.push(this.makeBox(node, left, width, depth, false));
		for (const child of [...node.children.values()].sort((a, b) => b.value - a.value)) {
			const part = (width * child.value) / node.value;
			if (part >= FLAME_LEAST)
				this.place(child, left, part, depth + 1, boxes);
			left += part;
		}
	}

	makeBox(node, left, width, depth, isAbove) {
		const words = `${node.title || node.name}: ${number(node.value)} (${percent(node.value, this.root.value)})`;
		return make("div", {
			class: "frame" + (this.matches(node) ? " match" : "") + (isAbove ? " above" : ""), role: "treeitem",
			tabindex: depth ? -1 : 0, "aria-label": words, "aria-level": depth + 1,
			css: { left: left + "%", width: width + "%", top: depth * FLAME_ROW + "px", background: tintOf(node.module || "") },
			onclick: () => this.enter(node),
			onpointermove: (event) => showTip([words, node.module || ""].filter(Boolean), event),
			onpointerleave: hideTip,
		}, width > 1.5 ? node.name : "");
	}

	enter(node) {
		this.top = node;
		this.show();
		const site = node.sites.length === 1 && !node.children.size ? node.sites[0] : null;
		if (site !== null)
			this.app.select([site]);
		this.box.querySelector(".frame:not(.above)").focus({ preventScroll: true });
	}

	/*
	 * The keyboard goes from box to box in the order of the page; Enter and Escape do what the
	 * pointer does.
	 */
	onKey(event) {
		const boxes = [...this.box.children];
		const at = boxes.indexOf(document.activeElement);
		const go = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
		if (go) {
			boxes[Math.max(0, Math.min(boxes.length - 1, at + go))].focus();
		} else if (event.key === "Enter" || event.key === " ") {
			boxes[at].click();
		} else if (event.key === "Escape") {
			this.enter(this.top.parent || this.root);
		} else {
			return;
		}
		event.preventDefault();
	}

	tools() {
		const search = make("input", { type: "search", id: "flame-search", placeholder: "function", "aria-label": "Search in the flame graph",
			oninput: () => {
				this.search = search.value.trim().toLowerCase();
				this.show();
			} });
		return make("div", { class: "tools" },
			choice("Count", FLAME_VALUES, this.value, (value) => {
				this.value = value;
				this.grow();
			}),
			choice("Order", [["down", "callers first"], ["up", "called first"]], "down", (order) => {
				this.isBottomUp = order === "up";
				this.grow();
			}), search);
	}
}

function makeFlameSection(app) {
	const flame = new Flame(app);
	app.flame = flame;
	return section("flame", "Call stacks", flame.tools(), flame.box, flame.said);
}
