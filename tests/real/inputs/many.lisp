;; SPDX-License-Identifier: MIT
(let ((kept nil))
  (dotimes (i 400)
    (push (make-array 20000) kept)
    (when (> (length kept) 50) (setf kept nil))
    (when (zerop (mod i 4)) (gc :full (zerop (mod i 40)))))
  (format t "~a arrays~%" (length kept)))
