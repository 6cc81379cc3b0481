# SPDX-License-Identifier: MIT
# Whether a document has the structure that SARIF 2.1.0 asks for, as far as vmatrace uses it: every
# property is one of the schema's, of its type, and what is required is there. Prints true.
def only($names): (keys - $names) == [];
def text: type == "object" and only(["text"]) and (.text | type) == "string";
def physical:
	only(["artifactLocation", "region"]) and
	(.artifactLocation | only(["uri"]) and (.uri | test("^([A-Za-z0-9._~/+@,=:-]|%[0-9A-F]{2})+$"))) and
	(has("region") | not) or (.region | only(["startLine"]) and .startLine >= 1);
def logical: only(["name", "kind"]) and (.name | type) == "string";
def location:
	only(["physicalLocation", "logicalLocations"]) and
	((has("physicalLocation") | not) or (.physicalLocation | physical)) and
	all(.logicalLocations[]?; logical);
def frame: only(["location", "module"]) and (.module | type) == "string" and (.location | location);
def stack: only(["message", "frames"]) and (.message | text) and all(.frames[]; frame);
def rule: only(["id", "shortDescription"]) and (.id | type) == "string" and (.shortDescription | text);
def result($rules):
	only(["ruleId", "ruleIndex", "level", "message", "locations", "stacks", "partialFingerprints"]) and
	(.level | IN("none", "note", "warning", "error")) and (.message | text) and
	.ruleId == $rules[.ruleIndex].id and
	all(.locations[]; location) and all(.stacks[]?; stack) and
	all(.partialFingerprints[]?; type == "string");
def run:
	only(["tool", "results"]) and (.tool | only(["driver"])) and
	(.tool.driver | only(["name", "version", "rules"]) and (.name | length > 0) and
		all(.rules[]; rule) and ([.rules[].id] | unique | length) == (.rules | length)) and
	(.tool.driver.rules as $rules | all(.results[]; result($rules)));
only(["$schema", "version", "runs"]) and .version == "2.1.0" and (.runs | length) == 1 and all(.runs[]; run)
