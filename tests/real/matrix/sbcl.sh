# SPDX-License-Identifier: MIT
# SBCL: a loop that fills the heap, with full collections.
NEEDS=sbcl
VERIFY=20
SECONDS_MAX=120

run() {
	sbcl --noinform --no-userinit --non-interactive --eval '
	(let ((kept nil))
	  (dotimes (i 2000)
	    (push (make-array 5000) kept)
	    (when (zerop (mod i 100))
	      (setf kept (subseq kept 0 (min 200 (length kept))))
	      (gc :full (zerop (mod i 500)))))
	  (format t "~a arrays~%" (length kept)))'
}
