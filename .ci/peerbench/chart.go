package main

import (
	"fmt"
	"html"
	"os"
	"strings"
)

// chart is bars in groups: for each row, one for each library.
type chart struct {
	title string
	rows  []chartRow
}

type chartRow struct {
	name string
	bars []chartBar
}

type chartBar struct {
	name  string
	value float64 // ratio to the limit
}

const (
	barHeight = 16
	rowGap    = 34
	barsAt    = 130 // where bars begin
	barScale  = 60  // length of a bar of 1
	barMost   = 8   // longer bars are cut
)

// write writes the chart as an SVG that is legible on light and dark pages.
func (c *chart) write(name string) error {
	var b strings.Builder
	y := 40
	for _, row := range c.rows {
		fmt.Fprintf(&b, "<text class=\"row\" x=\"8\" y=\"%d\">%s</text>\n", y, html.EscapeString(row.name))
		y += 8
		for _, bar := range row.bars {
			shown := min(bar.value, barMost)
			class, label := "bar", fmt.Sprintf("%.2f", bar.value)
			if strings.HasPrefix(bar.name, "this") {
				class = "own"
			}
			fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", barsAt-8, y+12, html.EscapeString(bar.name))
			fmt.Fprintf(&b, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.0f\" height=\"%d\"/>\n", class, barsAt, y, shown*barScale, barHeight-3)
			fmt.Fprintf(&b, "<text x=\"%.0f\" y=\"%d\">%s</text>\n", barsAt+shown*barScale+6, y+12, label)
			y += barHeight
		}
		y += rowGap
	}
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" role="img">
<title>%[3]s</title>
<style>
text { font: 12px sans-serif; fill: #333 }
.row { font-weight: bold }
.bar { fill: #9aa5b1 }
.own { fill: #2a7de1 }
.limit { stroke: #c33; stroke-dasharray: 3 3 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .bar { fill: #66707c } }
</style>
<text class="row" x="8" y="16">%[3]s</text>
<line class="limit" x1="%[4]d" y1="28" x2="%[4]d" y2="%[5]d"/>
`, barsAt+barMost*barScale+60, y, html.EscapeString(c.title), barsAt+barScale, y-rowGap)
	return os.WriteFile(name, []byte(head+b.String()+"</svg>\n"), 0o644)
}
