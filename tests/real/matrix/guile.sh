# SPDX-License-Identifier: MIT
# Guile, on the Boehm collector, with its just-in-time compiler.
NEEDS=guile
VERIFY=5

run() {
	GUILE_AUTO_COMPILE=0 guile -c '
	(use-modules (ice-9 threads))
	(define (work n)
	  (let loop ((i 0) (kept (list)))
	    (if (= i 20000) (length kept)
	        (loop (+ i 1) (if (even? i) (cons (make-vector 50 i) kept) kept)))))
	(define threads (map (lambda (n) (call-with-new-thread (lambda () (work n)))) (iota 8)))
	(display (apply + (map join-thread threads)))
	(newline)
	(gc)'
}
