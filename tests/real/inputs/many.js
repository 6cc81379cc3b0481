// SPDX-License-Identifier: MIT
const kept = [];
for (let i = 0; i < 300000; i++) kept.push({ i, name: "object " + i, more: [i, i + 1] });
console.log(kept.length, kept[299999].name);
