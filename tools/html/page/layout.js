/* SPDX-License-Identifier: MIT */
/*
 * The place of each map in the picture. The address space is a line, and its unit is a page. Very
 * long maps and holes are drawn shorter ("folded"), and very short ones wider, since the number of
 * maps matters and not their bytes. Long holes (maps.hole pages, see clusters.h) divide the line into clusters, and each cluster is broken into rows
 * like text.
 */

/* Returns how many units so many pages take; up to the limit, a page is a unit. */
const fold = (pages, limit) => (pages <= limit ? pages : limit * (1 + Math.log2(pages / limit) / 4));

/* Find the highest limit at which a few huge maps do not fill most of the picture. */
function foldLimit(maps) {
	const most = Math.max(2048, 6 * maps.count);
	for (let limit = 2 ** 30; limit > 1; limit /= 2) {
		let sum = 0;
		for (let i = 0; i < maps.count && sum <= most; i++)
			sum += fold(maps.pages[i], limit);
		if (sum <= most)
			return limit;
	}
	return 1;
}

/* Holes are folded in the same way as maps. */
function meanWidth(maps, limit) {
	let sum = 0;
	for (let i = 0; i < maps.count; i++)
		sum += fold(maps.pages[i], limit);
	return sum / maps.count;
}

/*
 * Nothing is much narrower than the mean map: a guard page beside each stack would otherwise be too
 * narrow to be seen.
 */
const LEAST_PART = 0.6;

const holeBelow = (maps, i) => maps.start[i] - (i ? maps.start[i - 1] + maps.pages[i - 1] : 0);

function layOut(maps) {
	const limit = foldLimit(maps);
	const at = new Float64Array(maps.count); /* where each map begins, in units */
	const width = new Float64Array(maps.count);
	const mean = meanWidth(maps, limit);
	const least = mean * LEAST_PART;
	const holeLimit = Math.max(1, Math.min(limit, mean));
	const clusters = [];
	let unit = 0;
	for (let i = 0; i < maps.count; i++) {
		const hole = holeBelow(maps, i);
		if (!i || hole >= maps.hole)
			clusters.push({ first: i, unit, hole: i ? hole : 0 });
		else
			unit += hole && Math.max(least, fold(hole, holeLimit));
		at[i] = unit;
		width[i] = Math.max(least, fold(maps.pages[i], limit));
		unit += width[i];
		Object.assign(clusters[clusters.length - 1], { last: i, end: unit });
	}
	return { at, width, clusters, units: unit, limit };
}

/* Give each cluster the rows that it takes if a row holds so many units. */
function breakRows(layout, unitsPerRow) {
	let row = 0;
	for (const cluster of layout.clusters) {
		cluster.row = row; /* the row of its heading; its other rows follow */
		cluster.rows = Math.max(1, Math.ceil((cluster.end - cluster.unit) / unitsPerRow - 1e-9));
		row += 1 + cluster.rows;
	}
	return row;
}

/* Find the last map that begins at or before a unit. */
function mapAtUnit(layout, unit) {
	let low = 0;
	let high = layout.at.length;
	while (low + 1 < high) {
		const middle = (low + high) >> 1;
		if (layout.at[middle] <= unit)
			low = middle;
		else
			high = middle;
	}
	return low;
}

function clusterOfRow(layout, row) {
	let found = layout.clusters[0];
	for (const cluster of layout.clusters) {
		if (cluster.row > row)
			break;
		found = cluster;
	}
	return found;
}

const clusterOfMap = (layout, i) => layout.clusters.find((cluster) => i <= cluster.last);

function rowOfMap(layout, i, unitsPerRow) {
	const cluster = clusterOfMap(layout, i);
	return cluster.row + 1 + Math.floor((layout.at[i] - cluster.unit) / unitsPerRow);
}
