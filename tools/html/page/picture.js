/* SPDX-License-Identifier: MIT */
/*
 * The address space as a picture: rows of maps and holes that scroll and zoom, with an overview
 * above and a legend below. The element that scrolls is empty; the canvas lies over it, and shows
 * the visible part. A pixel with several maps has the mean of their colours. Between wide
 * neighbours of one colour is a line; among narrow ones, every other one has another shade.
 */
const ROW = 24, BAR = 18; /* CSS pixels */
const SCALE_MOST = 96; /* the most pixels for a page */
const READABLE = 4; /* pixels of the mean map, the least at first */

const rgbOf = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
const mixed = (a, b, part) => a.map((value, i) => Math.round(value + (b[i] - value) * part));
const isDark = () => document.documentElement.dataset.theme === "dark";
const paper = () => (isDark() ? [20, 24, 29] : [255, 255, 255]);
const ink = () => (isDark() ? "#e6e9ed" : "#1c2126");

class Picture {
	constructor(app, parts) {
		Object.assign(this, parts, { app, focus: -1, group: null, scale: 1 });
		this.context = this.canvas.getContext("2d");
		this.strip = document.createElement("canvas");
		this.setColours(app.doc.diff ? "change" : "kind");
		this.listen();
	}

	/*
	 * The maps that are lit: those of a call site, or of a group of the legend; all if neither
	 * is chosen.
	 */
	isLit(i) {
		if (this.app.selected !== null)
			return this.app.selected.has(this.app.maps.classes[this.app.maps.of[i]].putBy);
		return this.group === null || this.colouring.group[i] === this.group;
	}

	setColours(mode) {
		this.mode = mode;
		this.colouring = colourMaps(mode, this.app);
		this.group = null;
		this.isOdd = everyOther(this.app.maps, this.colouring.group);
		this.showLegend();
		this.mixColours();
	}

	mixColours() {
		const dim = (rgb) => mixed(rgb, paper(), 0.86);
		this.lit = this.colouring.list.map((group) => rgbOf(group.colour));
		this.shade = this.lit.map(otherShade);
		this.dim = this.lit.map(dim);
		this.dimShade = this.shade.map(dim);
		this.draw();
	}

	/* -- sizes -- */

	measure() {
		const ratio = window.devicePixelRatio || 1;
		this.width = this.scroller.clientWidth;
		this.height = this.scroller.clientHeight;
		this.ratio = ratio;
		this.canvas.width = Math.round(this.width * ratio);
		this.canvas.height = Math.round(this.height * ratio);
		this.canvas.style.width = this.width + "px";
		this.canvas.style.height = this.height + "px";
	}

	rowsAt(scale) {
		return breakRows(this.app.layout, this.width / scale);
	}

	/* Find the largest scale at which all rows are visible at once. */
	fitScale() {
		const most = Math.max(2, Math.floor(this.height / ROW));
		let low = Math.min(1, this.width / this.app.layout.units) / 4;
		let high = SCALE_MOST;
		for (let i = 0; i < 40; i++) {
			const middle = Math.sqrt(low * high);
			if (this.rowsAt(middle) <= most)
				low = middle;
			else
				high = middle;
		}
		return low;
	}

	setScale(scale, unit, y) {
		const least = Math.min(this.fitScale(), this.width / this.app.layout.units);
		this.scale = Math.min(SCALE_MOST, Math.max(least, scale));
		const rows = this.rowsAt(this.scale);
		this.spacer.style.height = rows * ROW + "px";
		if (unit !== undefined)
			this.scroller.scrollTop = this.rowOfUnit(unit) * ROW - y;
		this.draw();
	}

	rowOfUnit(unit) {
		const i = mapAtUnit(this.app.layout, unit);
		const cluster = clusterOfMap(this.app.layout, i);
		return cluster.row + 1 + Math.floor((unit - cluster.unit) * this.scale / this.width);
	}

	zoom(factor, x, y) {
		const at = y === undefined ? this.height / 2 : y;
		this.setScale(this.scale * factor, this.unitAt(x === undefined ? this.width / 2 : x, at), at);
	}

	fit() {
		this.setScale(this.fitScale());
		this.scroller.scrollTop = 0;
	}

	/* At first everything is shown, unless maps would be too narrow. */
	begin(stretch) {
		this.measure();
		const { units } = this.app.layout;
		const readable = (READABLE * this.app.maps.count) / units;
		this.fit();
		if (this.scale < readable * 0.9) {
			this.setScale(readable);
			this.reveal(stretch ? stretch.first : 0);
		}
	}

	reveal(i) {
		const y = rowOfMap(this.app.layout, i, this.width / this.scale) * ROW;
		const top = this.scroller.scrollTop;
		if (y < top + ROW || y > top + this.height - 2 * ROW)
			this.scroller.scrollTop = y - this.height / 3;
		this.draw();
	}

	/* -- what is where -- */

	unitAt(x, y) {
		const row = Math.floor((y + this.scroller.scrollTop) / ROW);
		const cluster = clusterOfRow(this.app.layout, row);
		const behind = Math.max(0, row - cluster.row - 1);
		return Math.min(cluster.end, cluster.unit + (behind * this.width + x) / this.scale);
	}

	/* Find the map under a point; -1 if there is none. */
	mapAt(x, y) {
		const row = Math.floor((y + this.scroller.scrollTop) / ROW);
		const { layout } = this.app;
		const cluster = clusterOfRow(layout, row);
		const unit = cluster.unit + ((row - cluster.row - 1) * this.width + x) / this.scale;
		if (row === cluster.row || row > cluster.row + cluster.rows)
			return -1;
		const i = mapAtUnit(layout, unit);
		/* A distance of less than a pixel counts as a hit. */
		return unit < layout.at[i] + Math.max(layout.width[i], 1 / this.scale) ? i : -1;
	}

	/* -- drawing -- */

	draw() {
		if (this.isPending || !this.width)
			return;
		this.isPending = true;
		requestAnimationFrame(() => {
			this.isPending = false;
			if (!this.isGone) /* another process has been chosen since */
				this.drawNow();
		});
	}

	drawNow() {
		const { context, ratio } = this;
		const top = this.scroller.scrollTop;
		const first = Math.floor(top / ROW);
		const count = Math.ceil(this.height / ROW) + 1;
		const rows = this.rowsAt(this.scale);
		context.setTransform(1, 0, 0, 1, 0, 0);
		context.fillStyle = `rgb(${paper()})`;
		context.fillRect(0, 0, this.canvas.width, this.canvas.height);
		this.paintStrip(first, Math.min(rows, first + count));
		context.setTransform(ratio, 0, 0, ratio, 0, 0);
		for (let row = first; row < Math.min(rows, first + count); row++)
			this.drawRow(row, row - first, row * ROW - top);
		this.drawFocus(top);
		this.drawOverview(first, count);
	}

	span(row) {
		const cluster = clusterOfRow(this.app.layout, row);
		const from = cluster.unit + ((row - cluster.row - 1) * this.width) / this.scale;
		return { cluster, from, to: Math.min(cluster.end, from + this.width / this.scale) };
	}

	/* Each row is one line of pixels here; drawRow() makes it as high as a row. */
	paintStrip(first, end) {
		const width = this.canvas.width;
		const image = new ImageData(width, Math.max(1, end - first));
		const sums = new Float32Array(width * 4);
		for (let row = first; row < end; row++) {
			sums.fill(0);
			this.sumRow(sums, row);
			this.fillLine(image.data, sums, (row - first) * width * 4);
		}
		this.strip.width = width;
		this.strip.height = image.height;
		this.strip.getContext("2d").putImageData(image, 0, 0);
	}

	sumRow(sums, row) {
		const { cluster, from, to } = this.span(row);
		const { layout } = this.app;
		const scale = this.scale * this.ratio;
		if (row === cluster.row)
			return;
		for (let i = Math.max(cluster.first, mapAtUnit(layout, from)); i <= cluster.last; i++) {
			if (layout.at[i] >= to)
				break;
			this.addMap(sums, i, (at) => (at - from) * scale);
		}
	}

	/* A map of more than a pixel begins and ends at whole pixels, so that its edges are sharp. */
	addMap(sums, i, x) {
		const { at, width } = this.app.layout;
		const end = at[i] + width[i];
		const inPixels = x(end) - x(at[i]);
		if (inPixels < 1) {
			addSpan(sums, x(at[i]), x(end), this.shadeOf(i));
			return;
		}
		const from = this.edge(i, x);
		const to = at[i + 1] === end ? this.edge(i + 1, x) : Math.round(x(end));
		const isWide = inPixels > 5 * this.ratio;
		const line = isWide && this.isLikeBelow(i) ? this.ratio : 0;
		addSpan(sums, from, from + line, this.shadeOf(i, true));
		addSpan(sums, from + line, to, isWide ? this.colourOf(i) : this.shadeOf(i));
	}

	/*
	 * The pixel at which a map begins. Of two neighbours the narrower one gets the whole pixels that
	 * it needs, so that all guards of one size look the same.
	 */
	edge(i, x) {
		const { at, width } = this.app.layout;
		if (i && at[i - 1] + width[i - 1] === at[i] && width[i - 1] < width[i])
			return Math.round(x(at[i - 1])) + Math.max(1, Math.round(x(at[i]) - x(at[i - 1])));
		return Math.round(x(at[i]));
	}

	isLikeBelow(i) {
		return isAlike(this.app.maps, this.colouring.group, i);
	}

	colourOf(i) {
		return (this.isLit(i) ? this.lit : this.dim)[this.colouring.group[i]];
	}

	/* The other shade of its colour, for lines and for every other map. */
	shadeOf(i, isLine) {
		if (!isLine && !this.isOdd[i])
			return this.colourOf(i);
		return (this.isLit(i) ? this.shade : this.dimShade)[this.colouring.group[i]];
	}

	fillLine(data, sums, at) {
		const empty = paper();
		for (let x = 0; x < sums.length; x += 4) {
			const rest = Math.max(0, 1 - sums[x + 3]);
			const all = Math.max(1, sums[x + 3]);
			for (let k = 0; k < 3; k++)
				data[at + x + k] = sums[x + k] / all + empty[k] * rest;
			data[at + x + 3] = 255;
		}
	}

	drawRow(row, line, y) {
		const { context } = this;
		const { cluster, from, to } = this.span(row);
		if (row === cluster.row) {
			this.drawHeading(cluster, y);
			return;
		}
		const width = (to - from) * this.scale;
		context.fillStyle = isDark() ? "#59626d" : "#aeb6bf";
		context.fillRect(0, y + BAR - 1, width, 1); /* in a hole only this line is drawn */
		context.imageSmoothingEnabled = false;
		context.drawImage(this.strip, 0, line, this.canvas.width, 1, 0, y, this.width, BAR - 1);
		if (this.scale > 0.5)
			this.drawLabels(cluster, from, to, y);
	}

	drawHeading(cluster, y) {
		const { maps } = this.app;
		const { context } = this;
		const hole = cluster.hole ? `${bytesText(cluster.hole * maps.page)} of nothing, then ` : "";
		const n = cluster.last - cluster.first + 1;
		context.font = "12px system-ui, sans-serif";
		context.fillStyle = isDark() ? "#a9b3be" : "#4c5661";
		context.fillText(`${hole}${addressText(maps.start[cluster.first], maps.page)}: ` +
			`${counted(n, "map")}`, 2, y + 16, this.width - 4);
	}

	/* Write into a wide map what it is, and mark it if it is folded. */
	drawLabels(cluster, from, to, y) {
		const { layout, maps } = this.app;
		const { context } = this;
		context.font = "11px system-ui, sans-serif";
		for (let i = Math.max(cluster.first, mapAtUnit(layout, from)); i <= cluster.last && layout.at[i] < to; i++) {
			const x = Math.max(0, (layout.at[i] - from) * this.scale);
			const end = Math.min(this.width, (layout.at[i] + layout.width[i] - from) * this.scale);
			const room = end - x - 8;
			if (room < 34)
				continue;
			const text = this.labelOf(maps, i, room);
			context.fillStyle = inkOn(this.colourOf(i));
			if (text)
				context.fillText(text, x + 5, y + 13, room);
			if (maps.pages[i] > layout.limit)
				context.fillText("≈", end - 12, y + 13);
		}
	}

	labelOf(maps, i, room) {
		const kind = maps.classes[maps.of[i]].kind;
		const size = mapSize(maps, i);
		const room_ = room - (maps.pages[i] > this.app.layout.limit ? 10 : 0);
		return [`${kind} ${size}`, kind].find((text) => this.context.measureText(text).width <= room_) || "";
	}

	drawFocus(top) {
		const { layout } = this.app;
		if (this.focus < 0)
			return;
		const row = rowOfMap(layout, this.focus, this.width / this.scale);
		const { from } = this.span(row);
		const x = (layout.at[this.focus] - from) * this.scale;
		const width = Math.min(this.width - x, Math.max(3, layout.width[this.focus] * this.scale));
		this.context.strokeStyle = ink();
		this.context.lineWidth = 2;
		this.context.strokeRect(Math.max(1, x), row * ROW - top + 1, width, BAR - 2);
	}

	drawOverview(first, count) {
		drawOverview(this, first, count);
	}

	/* -- what is said and done -- */

	showLegend() {
		const order = this.colouring.inOrder || ((a, b) => b.maps - a.maps);
		const groups = [...this.colouring.list].sort(order);
		this.legend.replaceChildren(...groups.slice(0, 14).map((group) => make("li", {},
			make("button", {
				type: "button", "aria-pressed": "false",
				onclick: (event) => this.chooseGroup(this.colouring.list.indexOf(group), event.currentTarget),
			}, make("span", { class: "swatch", css: { background: group.colour } }),
			`${group.label}: ${number(group.maps)}`))), ...overviewKey(this));
	}

	chooseGroup(group, button) {
		this.group = this.group === group ? null : group;
		for (const other of this.legend.querySelectorAll("button"))
			other.setAttribute("aria-pressed", String(other === button && this.group !== null));
		if (this.app.selected !== null)
			this.app.select(null);
		this.draw();
	}

	setFocus(i) {
		this.focus = Math.max(0, Math.min(this.app.maps.count - 1, i));
		this.said.replaceChildren(...mapLines(this.app.maps, this.app.names, this.focus)
			.map((line, k) => make(k ? "div" : "strong", {}, line)));
		this.reveal(this.focus);
	}

	moveRow(by) {
		const unit = this.app.layout.at[Math.max(0, this.focus)] + (by * this.width) / this.scale;
		const i = mapAtUnit(this.app.layout, unit);
		this.setFocus(i === this.focus ? i + by : i);
	}

	listen() {
		const { scroller } = this;
		scroller.addEventListener("scroll", () => this.draw());
		scroller.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
		scroller.addEventListener("pointermove", (event) => this.onMove(event));
		scroller.addEventListener("pointerleave", () => hideTip());
		scroller.addEventListener("click", (event) => this.onClick(event));
		scroller.addEventListener("keydown", (event) => this.onKey(event));
		listenDrag(this);
		new ResizeObserver(() => this.resize()).observe(scroller);
	}

	resize() {
		if (this.width === this.scroller.clientWidth || !this.scroller.clientWidth)
			return;
		const unit = this.width ? this.unitAt(0, 0) : 0;
		this.measure();
		this.setScale(this.scale, unit, ROW);
	}

	onWheel(event) {
		if (!event.ctrlKey && !event.metaKey)
			return;
		event.preventDefault();
		this.zoom(Math.exp(-event.deltaY / 300), ...this.point(event));
	}

	point(event) {
		const box = this.canvas.getBoundingClientRect();
		return [event.clientX - box.left, event.clientY - box.top];
	}

	onMove(event) {
		const i = this.isDragged ? -1 : this.mapAt(...this.point(event));
		if (i < 0)
			hideTip();
		else
			showTip(mapLines(this.app.maps, this.app.names, i), event);
	}

	onClick(event) {
		const i = this.mapAt(...this.point(event));
		if (this.wasDragged || i < 0)
			return;
		this.setFocus(i);
		this.lightSite(i);
	}

	lightSite(i) {
		this.app.toggle(this.app.sitesLike(this.app.maps.classes[this.app.maps.of[i]].putBy));
	}

	onKey(event) {
		const keys = {
			ArrowRight: () => this.setFocus(this.focus + 1), ArrowLeft: () => this.setFocus(this.focus - 1),
			ArrowDown: () => this.moveRow(1), ArrowUp: () => this.moveRow(-1),
			Home: () => this.setFocus(0), End: () => this.setFocus(this.app.maps.count - 1),
			"+": () => this.zoomFocus(1.5), "=": () => this.zoomFocus(1.5), "-": () => this.zoomFocus(1 / 1.5),
			0: () => this.fit(),
			Enter: () => this.focus >= 0 && this.lightSite(this.focus),
			Escape: () => this.app.select(null),
		};
		if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey)
			return;
		event.preventDefault();
		keys[event.key]();
	}

	zoomFocus(factor) {
		if (this.focus < 0)
			this.zoom(factor);
		else
			this.setScale(this.scale * factor, this.app.layout.at[this.focus], this.height / 2);
	}
}

function isBright([r, g, b]) {
	return 0.299 * r + 0.587 * g + 0.114 * b > 140;
}

/* Black or white, whichever can be read better on the colour: the contrast as WCAG 2 computes it. */
function inkOn(rgb) {
	const [r, g, b] = rgb.map((part) => (part < 11 ? part / 3295 : ((part / 255 + 0.055) / 1.055) ** 2.4));
	return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000" : "#fff";
}

/*
 * Add a colour to the pixels from x to end; the first and the last get as much of it as is covered.
 */
function addSpan(sums, x, end, [r, g, b]) {
	const width = sums.length / 4;
	const from = Math.max(0, x);
	const to = Math.min(width, end);
	for (let at = Math.floor(from); at < to; at++) {
		const part = Math.min(at + 1, to) - Math.max(at, from);
		const k = at * 4;
		sums[k] += r * part;
		sums[k + 1] += g * part;
		sums[k + 2] += b * part;
		sums[k + 3] += part;
	}
}

/* The pointer drags the picture up and down; for a touch the browser scrolls. */
function listenDrag(picture) {
	let from = null;
	picture.scroller.addEventListener("pointerdown", (event) => {
		picture.wasDragged = false;
		if (event.pointerType === "mouse" && event.button === 0)
			from = { y: event.clientY, top: picture.scroller.scrollTop };
	});
	window.addEventListener("pointermove", (event) => {
		if (!from || Math.abs(event.clientY - from.y) < 4)
			return;
		picture.isDragged = picture.wasDragged = true;
		picture.scroller.scrollTop = from.top - (event.clientY - from.y);
	});
	window.addEventListener("pointerup", () => {
		from = null;
		picture.isDragged = false;
	});
}
