/* SPDX-License-Identifier: MIT */
/*
 * The whole address space in one line: its clusters side by side, with a mark for the part that is
 * shown.
 */
const CLUSTER_GAP = 14, CLUSTER_LEAST = 10;
const FEW_PIXELS = 4; /* of a map; narrower ones are not told apart */

/*
 * The left edge and the width of each cluster. Large clusters are wider, but less than in
 * proportion.
 */
function placeClusters(layout, width) {
	const weight = layout.clusters.map((c) => Math.sqrt(c.end - c.unit + 1));
	const gap = Math.min(CLUSTER_GAP, width / (3 * layout.clusters.length));
	const least = Math.min(CLUSTER_LEAST, width / (3 * layout.clusters.length));
	const room = width - gap * (layout.clusters.length - 1) - least * layout.clusters.length;
	const sum = weight.reduce((a, b) => a + b, 0);
	let x = 0;
	return weight.map((w) => {
		const place = { x, width: least + (room * w) / sum };
		x += place.width + gap;
		return place;
	});
}

function paintOverview(picture, places, width) {
	const { layout, maps } = picture.app;
	const image = new ImageData(width, 1);
	const sums = new Float32Array(width * 4);
	layout.clusters.forEach((cluster, c) => {
		const scale = (places[c].width / (cluster.end - cluster.unit)) * picture.ratio;
		const x = places[c].x * picture.ratio;
		for (let i = cluster.first; i <= cluster.last && i < maps.count; i++)
			addSpan(sums, x + (layout.at[i] - cluster.unit) * scale,
				x + (layout.at[i] + layout.width[i] - cluster.unit) * scale, picture.colourOf(i));
	});
	picture.fillLine(image.data, sums, 0);
	return image;
}

/* This is drawn when colours or widths change, but not when the picture scrolls. */
function cachedOverview(picture, width) {
	const key = [width, picture.mode, picture.group, [...(picture.app.selected || ["all"])], isDark()].join();
	if (picture.overviewKey !== key) {
		picture.overviewKey = key;
		picture.places = placeClusters(picture.app.layout, width / picture.ratio);
		picture.bars = picture.app.layout.clusters.map((cluster, c) => findBar(picture, cluster, picture.places[c]));
		picture.overviewStrip = document.createElement("canvas");
		picture.overviewStrip.width = width;
		picture.overviewStrip.height = 1;
		picture.overviewStrip.getContext("2d")
			.putImageData(paintOverview(picture, picture.places, width), 0, 0);
	}
	return picture.overviewStrip;
}

/* Returns the place of a unit in the overview. */
function overviewX(picture, cluster, unit) {
	const place = picture.places[picture.app.layout.clusters.indexOf(cluster)];
	const part = (unit - cluster.unit) / (cluster.end - cluster.unit);
	return place.x + place.width * Math.max(0, Math.min(1, part));
}

function drawOverview(picture, first, count) {
	const { overview, ratio } = picture;
	const width = overview.clientWidth;
	const height = overview.clientHeight;
	const context = overview.getContext("2d");
	const strip = cachedOverview(picture, Math.round(width * ratio));
	overview.width = Math.round(width * ratio);
	overview.height = Math.round(height * ratio);
	context.setTransform(ratio, 0, 0, ratio, 0, 0);
	context.fillStyle = `rgb(${paper()})`;
	context.fillRect(0, 0, width, height);
	context.imageSmoothingEnabled = false;
	context.drawImage(strip, 0, 0, strip.width, 1, 0, 4, width, height - 8);
	drawFolds(picture, context, height);
	drawCounts(picture, context, height);
	drawWindow(picture, context, first, count, height);
}

/* Mark the terabytes that are left out between clusters. */
function drawFolds(picture, context, height) {
	context.fillStyle = isDark() ? "#a9b3be" : "#4c5661";
	context.font = "11px system-ui, sans-serif";
	context.textAlign = "center";
	picture.places.slice(1).forEach((place, i) => {
		const before = picture.places[i];
		context.fillText("⋯", (before.x + before.width + place.x) / 2, height / 2 + 4);
	});
	context.textAlign = "start";
}

/* The longest row of maps in a cluster that are too narrow to be told apart; holes do not end it. */
function findBar(picture, cluster, place) {
	const { layout } = picture.app;
	const scale = place.width / (cluster.end - cluster.unit);
	let best = { maps: 0 };
	let first = cluster.first;
	for (let i = cluster.first; i <= cluster.last; i++) {
		if (layout.width[i] * scale >= FEW_PIXELS)
			first = i + 1;
		else if (i + 1 - first > best.maps)
			best = { maps: i + 1 - first, x: place.x + (layout.at[first] - cluster.unit) * scale,
				end: place.x + (layout.at[i] + layout.width[i] - cluster.unit) * scale };
	}
	return best;
}

/* A line with ends, as in a drawing with measures: from where to where the number is. */
function drawMeasure(context, x, end, y) {
	context.beginPath();
	context.moveTo(x + 1, y - 5);
	context.lineTo(x + 1, y + 5);
	context.moveTo(x + 1, y);
	context.lineTo(end - 1, y);
	context.moveTo(end - 1, y - 5);
	context.lineTo(end - 1, y + 5);
	for (const [colour, width] of [[`rgb(${paper()})`, 4], [ink(), 1.5]]) {
		context.strokeStyle = colour;
		context.lineWidth = width;
		context.stroke();
	}
}

/* Such a row looks like one bar: it says how many maps it stands for. */
function drawCounts(picture, context, height) {
	context.font = "12px system-ui, sans-serif";
	context.textAlign = "center";
	picture.counts = [];
	for (const { maps, x, end } of picture.bars) {
		const text = counted(maps, "map");
		const width = context.measureText(text).width + 12;
		if (maps < FEW_MAPS || width > end - x)
			continue;
		drawMeasure(context, x, end, height / 2);
		context.fillStyle = `rgb(${paper()})`;
		context.fillRect((x + end - width) / 2, height / 2 - 8, width, 16);
		context.fillStyle = ink();
		context.fillText(text, (x + end) / 2, height / 2 + 4);
		picture.counts.push(text);
	}
	context.textAlign = "start";
}

/* What the signs in the overview mean, as the last of the legend. */
function overviewKey(picture) {
	const said = [["▭", "what is shown below"]];
	if (picture.app.layout.clusters.length > 1)
		said.push(["⋯", "addresses left out"]);
	return said.map(([sign, words]) => make("li", { class: "key" }, `${sign} ${words}`));
}

function drawWindow(picture, context, first, count, height) {
	const rows = picture.rowsAt(picture.scale);
	const last = Math.min(rows - 1, first + count - 2);
	if (first === 0 && last === rows - 1)
		return;
	const from = picture.span(Math.max(first, 1));
	const to = picture.span(Math.max(last, 1));
	const x = overviewX(picture, from.cluster, from.from);
	const end = overviewX(picture, to.cluster, to.to);
	context.strokeStyle = ink();
	context.lineWidth = 2;
	context.strokeRect(Math.max(1, x), 1, Math.max(4, Math.min(end - x, picture.overview.clientWidth - x - 1)), height - 2);
}

function listenOverview(picture) {
	const go = (event) => {
		const x = event.clientX - picture.overview.getBoundingClientRect().left;
		const { clusters } = picture.app.layout;
		const c = Math.max(0, picture.places.findLastIndex((place) => place.x <= x));
		const part = Math.min(1, (x - picture.places[c].x) / picture.places[c].width);
		const unit = clusters[c].unit + (clusters[c].end - clusters[c].unit) * part;
		picture.scroller.scrollTop = picture.rowOfUnit(unit) * ROW - picture.height / 2;
	};
	picture.overview.addEventListener("pointerdown", go);
	picture.overview.addEventListener("pointermove", (event) => event.buttons & 1 && go(event));
}
