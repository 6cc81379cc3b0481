// SPDX-License-Identifier: MIT
// Threads that allocate and let go, with collections in between. Always prints the same.
import java.util.concurrent.atomic.AtomicLong;

public class Heap {
	public static void main(String[] args) throws Exception {
		AtomicLong sum = new AtomicLong();
		Thread[] threads = new Thread[8];
		for (int t = 0; t < threads.length; t++) {
			threads[t] = new Thread(() -> {
				byte[][] kept = new byte[100][];
				for (int i = 0; i < 20000; i++)
					kept[i % 100] = new byte[1000 + i % 5000];
				for (byte[] block : kept)
					sum.addAndGet(block.length);
			});
			threads[t].start();
		}
		for (Thread thread : threads)
			thread.join();
		System.gc();
		System.out.println(sum.get());
	}
}
