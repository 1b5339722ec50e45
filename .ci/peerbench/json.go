package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// record is an element of messages. As in many services, names and numbers differ and
// keys are repeated.
type record struct {
	ID      string   `json:"id"`
	User    string   `json:"user"`
	Email   string   `json:"email"`
	At      string   `json:"created_at"`
	Amount  float64  `json:"amount"`
	Active  bool     `json:"active"`
	Tags    []string `json:"tags"`
	Place   place    `json:"place"`
	Comment string   `json:"comment"`
}

type place struct {
	Lat  float64 `json:"lat"`
	Lon  float64 `json:"lon"`
	City string  `json:"city"`
}

var (
	names  = strings.Fields("alice bob carol dave erin frank grace heidi ivan judy mallory niaj olivia peggy rupert sybil trent victor walter")
	cities = strings.Fields("Lagos Lima Oslo Pune Quito Riga Seoul Tunis Utrecht Vilnius Warsaw Xiamen Yerevan Zagreb")
	words  = strings.Fields("the a of to and order was late early delivered returned please check invoice again customer asked for refund " +
		"second parcel arrived broken thanks all fine call back before noon address changed price agreed on phone stock is low")
)

func pick(rnd *rand.Rand, list []string) string { return list[rnd.IntN(len(list))] }

func makeRecord(rnd *rand.Rand) record {
	user := pick(rnd, names)
	r := record{
		ID:     fmt.Sprintf("%016x", rnd.Uint64()),
		User:   fmt.Sprintf("%s%d", user, rnd.IntN(1000)),
		Email:  fmt.Sprintf("%s.%s@example.com", user, pick(rnd, words)),
		At:     fmt.Sprintf("2026-%02d-%02dT%02d:%02d:%02dZ", 1+rnd.IntN(12), 1+rnd.IntN(28), rnd.IntN(24), rnd.IntN(60), rnd.IntN(60)),
		Amount: float64(rnd.IntN(1e6)) / 100,
		Active: rnd.IntN(2) == 0,
		Place:  place{float64(rnd.IntN(180e4)-90e4) / 1e4, float64(rnd.IntN(360e4)-180e4) / 1e4, pick(rnd, cities)},
	}
	for range rnd.IntN(4) {
		r.Tags = append(r.Tags, pick(rnd, words))
	}
	comment := make([]string, 3+rnd.IntN(12))
	for i := range comment {
		comment[i] = pick(rnd, words)
	}
	r.Comment = strings.Join(comment, " ")
	return r
}

// makeMessages returns count arrays of records, each of size bytes, the same at
// every call.
func makeMessages(size, count int) [][]byte {
	rnd := rand.New(rand.NewPCG(uint64(size), 1))
	all := make([][]byte, count)
	for i := range all {
		msg := []byte{'['}
		for {
			r, err := json.Marshal(makeRecord(rnd))
			if err != nil {
				panic(err) // records have nothing that could not be encoded
			}
			if len(msg)+len(r)+1 > size {
				break
			}
			msg = append(append(msg, r...), ',')
		}
		msg[len(msg)-1] = ']'
		all[i] = append(msg, strings.Repeat(" ", size-len(msg))...)
	}
	return all
}
