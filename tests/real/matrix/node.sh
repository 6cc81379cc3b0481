# SPDX-License-Identifier: MIT
# Node with worker threads, each with a JavaScript heap of its own.
NEEDS=node
VERIFY=20
SECONDS_MAX=120

run() {
	node -e '
	const { Worker } = require("worker_threads");
	const code = `const { parentPort, workerData } = require("worker_threads");
		const kept = [];
		for (let i = 0; i < 50000; i++) kept.push({ i, name: "object " + i });
		parentPort.postMessage(kept.length * workerData);`;
	const all = [1, 2, 3, 4, 5, 6].map(n => new Promise((ok, bad) => {
		const worker = new Worker(code, { eval: true, workerData: n });
		let answer;
		worker.on("message", m => answer = m).on("error", bad).on("exit", () => ok(answer));
	}));
	Promise.all(all).then(answers => console.log(answers.join(" ")));'
}
