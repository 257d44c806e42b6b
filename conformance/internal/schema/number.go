package schema

import (
	"math/big"
	"strings"
)

// number writes a number as JSON, exactly where decimal digits can.
func number(n *big.Rat) Literal {
	if n.IsInt() {
		return Literal(n.Num().String())
	}
	digits, _ := n.FloatPrec() // of a decimal fraction, as contracts write them
	return Literal(strings.TrimRight(n.FloatString(max(1, digits)), "0"))
}

func whole(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// grainOf is the distance between neighbours among the numbers that are made for
// a schema: what multipleOf and the type ask for, else one digit finer than
// the limits are written.
func grainOf(s *Schema) *big.Rat {
	one := whole(1)
	integral := s.HasType("integer") && !s.HasType("number")
	switch {
	case s.MultipleOf != nil && integral:
		return leastCommonMultiple(s.MultipleOf, one)
	case s.MultipleOf != nil:
		return s.MultipleOf
	case integral:
		return one
	}
	digits := 0
	for _, l := range []*Limit{s.Minimum, s.Maximum} {
		if l == nil {
			continue
		}
		if n, _ := l.Value.FloatPrec(); n > digits {
			digits = n
		}
		// Beyond 15 digits a double no longer tells neighbours apart.
		if size := len(new(big.Int).Quo(l.Value.Num(), l.Value.Denom()).String()); size > 12 {
			return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(size-12)), nil))
		}
	}
	if s.Minimum == nil && s.Maximum == nil {
		return one
	}
	return new(big.Rat).Inv(new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits+1)), nil)))
}

// leastOf and most are the outermost numbers that fit; nil where there is no
// limit.
func leastOf(s *Schema) *big.Rat { return outermost(s, s.Minimum, 1) }
func mostOf(s *Schema) *big.Rat  { return outermost(s, s.Maximum, -1) }

func outermost(s *Schema, l *Limit, inward int) *big.Rat {
	if l == nil {
		return nil
	}
	n := towards(s, l.Value, inward)
	if !isWithin(l, n, inward) {
		n.Add(n, scaled(grainOf(s), inward))
	}
	return n
}

// towards is the first number of the grain at n or, going inward, behind it.
func towards(s *Schema, n *big.Rat, inward int) *big.Rat {
	grain := grainOf(s)
	q := new(big.Rat).Quo(n, grain)
	floor := new(big.Int).Div(q.Num(), q.Denom())
	if inward > 0 && !q.IsInt() {
		floor.Add(floor, big.NewInt(1))
	}
	return new(big.Rat).Mul(new(big.Rat).SetInt(floor), grain)
}

func scaled(n *big.Rat, by int) *big.Rat { return new(big.Rat).Mul(n, whole(int64(by))) }

// numbersOf lists n numbers that fit, 1 and upwards where that is within the
// limits, else from the limit that is.
func numbersOf(s *Schema, n int) []any {
	start, step := towards(s, whole(1), 1), grainOf(s)
	if low := leastOf(s); low != nil && low.Cmp(start) > 0 {
		start = low
	}
	if high := mostOf(s); high != nil && high.Cmp(start) < 0 {
		start = high
	}
	var out []any
	for _, direction := range []int{1, -1} {
		for i := range n {
			if direction < 0 && i == 0 {
				continue
			}
			v := number(new(big.Rat).Add(start, scaled(step, i*direction)))
			if !fits(s, v) {
				break
			}
			if out = append(out, v); len(out) == n {
				return out
			}
		}
	}
	return out
}
