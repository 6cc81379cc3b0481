# SPDX-License-Identifier: MIT
# Ruby: its collector with compaction, threads, fibers (each has a stack with a guard page), fork.
NEEDS=ruby
VERIFY=5

run() {
	ruby -e '
	kept = (1..200000).map { |i| "object #{i}" * (i % 7) }
	kept.select!.with_index { |_, i| i.even? }
	GC.start; GC.compact
	fibers = (1..300).map { |i| Fiber.new { Fiber.yield i; i * 2 } }
	puts fibers.sum { |f| f.resume }
	threads = (1..20).map { |i| Thread.new { (1..2000).map(&:to_s).join.size + i } }
	puts threads.sum(&:value)
	read, write = IO.pipe
	fork { GC.start; write.puts kept.size }
	Process.wait
	puts read.gets'
}
