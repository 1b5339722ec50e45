package hybi

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

var benchSizes = []int{16, 125, 1024, 65536}

// samples are alphabets of several scripts. A string is a word; words are drawn
// at random, so that branch predictors cannot memorize the text.
var samples = []struct {
	name  string
	words []string
}{
	{"ASCII", []string{"the ", "quick ", "brown ", "fox. "}},
	{"French", strings.SplitAfter("Voilà l'été où le garçon naïf a goûté à la crème brûlée près de l'hôtel ", " ")},
	{"Greek", strings.SplitAfter("Ξεσκεπάζω τὴν ψυχοφθόρα βδελυγμία και ο Θεός, μου ", " ")},
	{"Russian", strings.SplitAfter("съешь же ещё этих мягких французских булок, да выпей чаю. ", " ")},
	{"Japanese", strings.Split("いろはにほへとちりぬるを、我が世誰ぞ常ならむ。", "")},
	{"Thai", strings.SplitAfter("เป็น มนุษย์ สุดประเสริฐ เลิศ คุณค่า ", " ")},
	{"Korean", strings.SplitAfter("키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다. ", " ")},
	{"Emoji", strings.Split("😀🚀👩💻🎉🥁", "")},
	{"Chat", []string{"hello ", "world ", "how are you ", "fine! ", "😀 ", "🚀", "see you ", "naïve ", "— "}},
	{"HTML", []string{`<p class="lead">`, "いろは", "<b>", "にほへ", "</b>", "と ちり", `<a href="/page/1">`, "ぬるを", "</a>", "</p> "}},
	{"JSON", []string{`{"id":4711,`, `"имя":`, `"Михаил Булгаков",`, `"город":"Киев",`, `"tags":["роман","x"]},`, `"n":12,`}},
}

// sample returns n windows of about size bytes each of a long text.
func sample(words []string, size int) [][]byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 0, 1<<19)
	for len(text) < 1<<18 {
		text = append(text, words[rnd.IntN(len(words))]...)
	}
	windows := make([][]byte, 256)
	for i := range windows {
		from := rnd.IntN(len(text) - size - 8)
		to := from + size
		for ; !utf8.RuneStart(text[from]); from++ {
		}
		for ; !utf8.RuneStart(text[to]); to++ {
		}
		windows[i] = text[from:to]
	}
	return windows
}

// benchText runs valid over windows of all samples.
func benchText(b *testing.B, valid func([]byte) bool) {
	for _, s := range samples {
		for _, n := range benchSizes {
			windows := sample(s.words, n)
			b.Run(fmt.Sprintf("%s/%d", s.name, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				for i := uint8(0); b.Loop(); i++ {
					if !valid(windows[i]) {
						b.Fatal("valid text refused")
					}
				}
			})
		}
	}
}

func BenchmarkValidUTF8(b *testing.B) {
	benchText(b, func(p []byte) bool { _, ok := validUTF8(p); return ok })
}

// BenchmarkStdlib is the yardstick.
func BenchmarkStdlib(b *testing.B) { benchText(b, utf8.Valid) }
