/* SPDX-License-Identifier: MIT */
/*
 * The number of maps over time: the count, the limit, the largest call sites stacked below,
 * failures and marks. A span that is chosen with the pointer or the two sliders shows what grew in
 * it.
 */
const TIME_HEIGHT = 260, TIME_LEFT = 64, TIME_BOTTOM = 24, TIME_TOP = 18;
const STACKED = 6, SAMPLES = 240;

const COURSE_BUCKET = 0.001, COURSE_BUCKETS = 1024, SITE_BUCKET = 0.032, SITE_BUCKETS = 32;

/* The width of the buckets of a list: it was doubled each time that the last one was full. */
function bucketWidth(entries, least, most) {
	const last = entries.length ? entries[entries.length - 1].time : 0;
	let width = least;
	while (last > width * (most - 0.5))
		width *= 2;
	return width;
}

/* The count at a time: [lowest, highest] if it changed within the bucket. */
function makeCourse(process) {
	const entries = process.timeline || [];
	const width = bucketWidth(entries, COURSE_BUCKET, COURSE_BUCKETS);
	return (time) => {
		const i = lastBefore(entries, time);
		if (i < 0)
			return [process.maps.start, process.maps.start];
		const entry = entries[i];
		return time < entry.time + width ? [entry.min, entry.max] : [entry.last, entry.last];
	};
}

function lastBefore(entries, time) {
	let low = -1;
	let high = entries.length;
	while (low + 1 < high) {
		const middle = (low + high) >> 1;
		if (entries[middle].time <= time)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/*
 * The maps of a call site at a time. Between two buckets it had the first value of the later one;
 * within a bucket it went from the one to the other, unless it was much higher in between.
 */
function siteCourse(site) {
	const entries = site.timeline || [];
	const width = bucketWidth(entries, SITE_BUCKET, SITE_BUCKETS);
	const after = (i) => (i + 1 < entries.length ? entries[i + 1].before : site.live);
	return (time) => {
		const i = lastBefore(entries, time);
		if (i < 0 || time >= entries[i].time + width)
			return after(i);
		const { before, max, time: from } = entries[i];
		if (max > Math.max(before, after(i)) * 1.1 + 2)
			return max;
		return before + ((after(i) - before) * (time - from)) / width;
	};
}

function timeEnd(process) {
	const last = (process.timeline || []).at(-1);
	return Math.max(process.duration || 0, last ? last.time * 1.02 : 0, 0.001);
}

const niceStep = (span) => {
	const power = 10 ** Math.floor(Math.log10(span));
	return [0.2, 0.5, 1].map((f) => f * power).find((step) => span / step <= 5) || power;
};

class Timeline {
	constructor(app, said) {
		const { process } = app;
		this.app = app;
		this.said = said;
		this.end = timeEnd(process);
		this.width = window.innerWidth < 600 ? 440 : 1000; /* in units of the drawing */
		this.course = makeCourse(process);
		const { peak, limit } = process.maps;
		this.showsLimit = limit && limit < peak * 4;
		this.most = (this.showsLimit ? Math.max(limit, peak) : peak) * 1.04 + 1;
		this.all = placesOf(app);
		this.places = this.all.slice(0, STACKED);
		this.entries = process.timeline;
		this.bucket = bucketWidth(process.sites.flatMap((site) => site.timeline || []).sort((a, b) => a.time - b.time), SITE_BUCKET, SITE_BUCKETS);
		this.colours = this.places.map((place, k) => (place.ids[0] > 1 ? DISTINCT[k] : GREY));
		this.svg = makeSvg("svg", { viewBox: `0 0 ${this.width} ${TIME_HEIGHT}`, class: "timeline",
			role: "img", "aria-label": timelineWords(process, this.end) });
		this.drawAll();
		this.listen();
	}

	x(time) {
		return TIME_LEFT + (time / this.end) * (this.width - TIME_LEFT - 8);
	}

	y(maps) {
		return TIME_HEIGHT - TIME_BOTTOM - (maps / this.most) * (TIME_HEIGHT - TIME_BOTTOM - TIME_TOP);
	}

	timeAt(x) {
		const time = ((x - TIME_LEFT) / (this.width - TIME_LEFT - 8)) * this.end;
		return Math.max(0, Math.min(this.end, time));
	}

	drawAll() {
		this.drawAxes();
		this.drawSites();
		this.drawCount();
		this.drawLimit();
		this.drawMoments();
		this.brush = makeSvg("rect", { class: "brush", y: TIME_TOP, height: TIME_HEIGHT - TIME_TOP - TIME_BOTTOM, width: 0, x: 0 });
		this.svg.append(this.brush);
	}

	line(x1, y1, x2, y2, name) {
		this.svg.append(makeSvg("line", { x1, y1, x2, y2, class: name }));
	}

	text(x, y, text, name, title) {
		const element = makeSvg("text", { x, y, class: name }, text);
		if (title)
			element.append(makeSvg("title", {}, title));
		this.svg.append(element);
	}

	drawAxes() {
		const step = Math.max(1, niceStep(this.most));
		for (let n = 0; n < this.most; n += step) {
			this.line(TIME_LEFT, this.y(n), this.width - 8, this.y(n), "grid");
			this.text(TIME_LEFT - 6, this.y(n) + 4, number(n), "tick right");
		}
		const seconds = niceStep(this.end);
		for (let t = 0; t <= this.end; t += seconds)
			this.text(this.x(t), TIME_HEIGHT - 6, secondsText(t), t > this.end * 0.95 ? "tick right" : "tick middle");
	}

	/* The most maps that the process had about a time: within a step, or a bucket of the call sites. */
	mostAbout(time) {
		const step = Math.max(this.end / SAMPLES, this.bucket);
		let most = this.course(time)[1];
		for (let k = Math.max(0, lastBefore(this.entries, time - step)); k < this.entries.length && this.entries[k].time <= time + step; k++)
			most = Math.max(most, this.entries[k].max);
		return most;
	}

	/*
	 * Draw the areas, the largest at the bottom. Call sites did not always have their most at the same
	 * moment: together they take no more room than there were maps.
	 */
	drawSites() {
		const times = Array.from({ length: SAMPLES + 1 }, (_, i) => (this.end * i) / SAMPLES);
		const values = this.places.map(({ at }) => times.map(at));
		const part = times.map((time, i) => Math.min(1, this.mostAbout(time) / values.reduce((sum, of) => sum + of[i], 0)));
		const below = times.map(() => 0);
		const edge = () => times.map((time, i) => `${this.x(time).toFixed(1)},${this.y(below[i]).toFixed(1)}`);
		this.places.forEach(({ name, ids }, k) => {
			const lower = edge().reverse();
			below.forEach((_, i) => {
				below[i] += values[k][i] * part[i] || 0;
			});
			this.svg.append(makeSvg("polygon", { points: edge().concat(lower).join(" "),
				fill: this.colours[k], class: "area", onclick: () => this.app.toggle(ids) },
			makeSvg("title", {}, name)));
		});
	}

	drawCount() {
		const { process } = this.app;
		const entries = process.timeline || [];
		const width = bucketWidth(entries, COURSE_BUCKET, COURSE_BUCKETS);
		let path = `M${this.x(0)},${this.y(process.maps.start)}`;
		let now = process.maps.start;
		for (const entry of entries) {
			path += `H${this.x(entry.time).toFixed(1)}`;
			if (entry.min < now)
				path += `V${this.y(entry.min).toFixed(1)}`;
			path += `V${this.y(entry.max).toFixed(1)}H${this.x(entry.time + width).toFixed(1)}V${this.y(entry.last).toFixed(1)}`;
			now = entry.last;
		}
		this.svg.append(makeSvg("path", { d: path + `H${this.x(this.end)}`, class: "count" }));
	}

	drawLimit() {
		const { limit } = this.app.process.maps;
		if (this.showsLimit) {
			this.line(TIME_LEFT, this.y(limit), this.width - 8, this.y(limit), "limit");
			this.text(TIME_LEFT + 4, this.y(limit) - 4, `limit ${number(limit)}`, "limit-word");
		} else if (limit) {
			this.text(this.width - 12, TIME_TOP - 5, `the limit of ${number(limit)} is far above`, "tick right");
		}
	}

	drawMoments() {
		for (const failure of (this.app.process.failures || []).slice(0, 200)) {
			const x = this.x(failure.time);
			this.line(x, TIME_TOP, x, TIME_HEIGHT - TIME_BOTTOM, "failure");
			this.text(x, TIME_TOP - 3, "✕", "failure-word", `${failure.call || "call"} failed: ${failure.errno}, ${failure.reason}, at ${number(failure.maps)} maps`);
		}
		for (const mark of (this.app.process.marks || []).slice(0, 200)) {
			const x = this.x(mark.time);
			this.line(x, TIME_TOP, x, TIME_HEIGHT - TIME_BOTTOM, "mark");
			this.text(x + 3, TIME_TOP + 10, (mark.name || "mark").slice(0, 24), "mark-word", `${mark.name}: ${number(mark.maps)} maps at ${secondsText(mark.time)}`);
		}
	}

	/* -- a span -- */

	choose(from, to) {
		[from, to] = [Math.min(from, to), Math.max(from, to)];
		this.brush.setAttribute("x", this.x(from));
		this.brush.setAttribute("width", Math.max(1, this.x(to) - this.x(from)));
		this.sliders[0].value = Math.round((from / this.end) * 1000);
		this.sliders[1].value = Math.round((to / this.end) * 1000);
		this.said.replaceChildren(...this.spanWords(from, to));
	}

	spanWords(from, to) {
		const before = this.course(from)[1];
		const after = this.course(to)[1];
		const grown = this.all.map((place) => ({ ...place, by: Math.round(place.at(to) - place.at(from)) }))
			.filter(({ by }) => by).sort((a, b) => Math.abs(b.by) - Math.abs(a.by)).slice(0, 8);
		return [make("p", {}, `From ${secondsText(from)} to ${secondsText(to)}: ${number(before)} to ${number(after)} maps (${signed(after - before) || 0}).`),
			make("ul", {}, grown.map(({ name, ids, by }) => make("li", {}, make("button", { type: "button", class: "link", onclick: () => this.app.toggle(ids) },
				`${signed(by)}  ${name}`))))];
	}

	listen() {
		let from = null;
		const at = (event) => {
			const box = this.svg.getBoundingClientRect();
			return this.timeAt(((event.clientX - box.left) / box.width) * this.width);
		};
		this.svg.addEventListener("pointerdown", (event) => {
			from = at(event);
			event.preventDefault();
		});
		this.svg.addEventListener("pointermove", (event) => from !== null && event.buttons && this.choose(from, at(event)));
		window.addEventListener("pointerup", () => {
			from = null;
		});
		this.sliders = [0, 1000].map((value, i) => make("input", { type: "range", min: 0, max: 1000, value,
			"aria-label": i ? "End of the span" : "Start of the span",
			oninput: () => this.choose(...this.sliders.map((s) => (s.value / 1000) * this.end)) }));
	}

	legend() {
		return make("ul", { class: "legend" },
			make("li", {}, make("span", { class: "swatch line" }), "all maps"),
			this.places.map(({ name, ids }, k) => make("li", {}, make("button", { type: "button", onclick: () => this.app.toggle(ids) },
				make("span", { class: "swatch", css: { background: this.colours[k] } }), name))));
	}
}

/*
 * Call sites of the same line of the program are taken together; those with the most maps come
 * first.
 */
function placesOf(app) {
	const places = new Map();
	for (const site of app.process.sites.filter((s) => s.timeline)) {
		const name = siteName(app.names, site.id);
		const place = places.get(name) || { name, ids: [], courses: [], most: 0 };
		place.ids.push(site.id);
		place.courses.push(siteCourse(site));
		place.most += siteMost(site);
		places.set(name, place);
	}
	const list = [...places.values()].sort((a, b) => b.most - a.most);
	for (const place of list)
		place.at = (time) => place.courses.reduce((sum, course) => sum + course(time), 0);
	return list;
}

const siteMost = (site) => Math.max(site.live, ...site.timeline.map((entry) => entry.max));

function timelineWords(process, end) {
	const { start, peak, now, limit, peak_time: at } = process.maps;
	return `Number of maps over ${secondsText(end)}: ${number(start)} at the start, a peak of ${number(peak)} ` +
		`after ${secondsText(at)}, ${number(now)} at the end; the limit is ${number(limit)}.`;
}

function makeTimelineSection(app) {
	const said = make("div", { class: "said", "aria-live": "polite" },
		"Draw over a span of time, or move the sliders, to see what grew in it.");
	if (!(app.process.timeline || []).length)
		return section("time", "Course", make("p", {}, "The recording has no timeline."));
	const timeline = new Timeline(app, said);
	const growth = app.page.sentences.find((sentence) => sentence.label === "growth");
	app.timeline = timeline;
	return section("time", "Course", growth && make("p", { class: "note" }, growth.text), timeline.svg,
		make("div", { class: "sliders" }, timeline.sliders), timeline.legend(), said);
}
