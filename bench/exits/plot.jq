# SPDX-License-Identifier: GPL-2.0-or-later
# exits.json as bars on a logarithmic scale, an SVG.
def systems: [
	{key: "bulkhead", text: "Bulkhead", colour: "#1f5fa8"},
	{key: "kvm", text: "KVM + QEMU", colour: "#c8702a"},
	{key: "eventfd", text: "KVM, smallest monitor", colour: "#e3b48c"},
	{key: "bare", text: "bare", colour: "#8a8a8a"}
];
def edge: 170;
def decade: 90;
def thick: 11;
# Sizes in pixels, one decimal.
def extent: ([., 1] | max | log10) * decade * 10 | round / 10;

. as $all
| [systems[] | select($all[.key])] as $shown
| [$shown[] | $all[.key].operations | keys_unsorted[]]
| reduce .[] as $name ([]; if index($name) then . else . + [$name] end)
| . as $names
| ($shown | length * thick + 12) as $step
| ($names | length * $step + 60) as $height
| "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"780\" height=\"\($height)\" font-family=\"sans-serif\" font-size=\"10\">",
"<rect width=\"780\" height=\"\($height)\" fill=\"white\"/>",
"<text x=\"10\" y=\"16\" font-size=\"13\">Instructions per round trip (median, logarithmic)</text>",
(range(7) | "<line x1=\"\(edge + . * decade)\" x2=\"\(edge + . * decade)\" y1=\"44\" y2=\"\($height - 4)\" stroke=\"#ddd\"/>",
	"<text x=\"\(edge + . * decade)\" y=\"40\" text-anchor=\"middle\" fill=\"#666\">10^\(.)</text>"),
($shown | to_entries[] | "<rect x=\"\(340 + .key * 108)\" y=\"8\" width=\"9\" height=\"9\" fill=\"\(.value.colour)\"/>",
	"<text x=\"\(352 + .key * 108)\" y=\"16\">\(.value.text)</text>"),
($names | to_entries[] | .key as $row | .value as $name | (50 + $row * $step) as $top
	| "<text x=\"\(edge - 6)\" y=\"\($top + $step / 2)\" text-anchor=\"end\">\($name)</text>",
	($shown | to_entries[] | .key as $line | .value as $one | $all[$one.key].operations[$name].median
		| select(. != null) | . as $value | ($top + $line * thick) as $y
		| "<rect x=\"\(edge)\" y=\"\($y)\" width=\"\($value | extent)\" height=\"\(thick - 2)\" fill=\"\($one.colour)\"/>",
		"<text x=\"\(edge + 4 + ($value | extent))\" y=\"\($y + 8)\">\($value)</text>")),
"</svg>"
