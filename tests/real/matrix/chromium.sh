# SPDX-License-Identifier: MIT
# Chromium renders a page without a window: about ten processes, the result of a script.
NEEDS=chromium
VERIFY=0
SECONDS_MAX=180
SAME="out status"
# Its 200 MB of text are not searched for system calls of its own, by which its crash handler maps
# signal stacks: unseen, so that the tables would differ under verify, and the report says why.
ALLOW=noted
EXPECT="too large to be searched"

run() {
	echo '<p id=p>no<script>let s=0;for(let i=0;i<1e6;i++)s+=i;p.textContent="sum "+s</script>' \
		>page.html
	chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--user-data-dir="$PWD/profile" --dump-dom "file://$PWD/page.html"
}
