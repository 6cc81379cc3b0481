# SPDX-License-Identifier: MIT
# Whether a report says all that $wanted[0] says: objects may have more fields, nothing may differ.
# Prints where it does not.
def differences($is; $want; $path):
	if ($want | type) == "object" and ($is | type) == "object" then
		$want | keys_unsorted[] | . as $key |
			differences($is[$key]; $want[$key]; "\($path).\($key)")
	elif ($want | type) == "array" and ($is | type) == "array" and
		($is | length) == ($want | length) then
		range($want | length) as $i | differences($is[$i]; $want[$i]; "\($path)[\($i)]")
	elif $is == $want then empty
	else "\($path) is \($is | tojson | .[:80]), not \($want | tojson | .[:80])" end;
differences(.; $wanted[0]; "")
