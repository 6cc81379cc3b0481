# SPDX-License-Identifier: MIT
import threading
kept = []
def work(index):
    kept.append([bytearray(200000) for _ in range(20)])
blocks = [bytearray(200000) for _ in range(1000)]
threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
del blocks[::2]
print(len(blocks), len(kept))
