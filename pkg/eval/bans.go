package eval

import "github.com/iolaus-io/iolaus/pkg/simulate"

// bans makes the option that lets a world follow the suspensions of a decisions file.
func bans(path string) (simulate.Option, error) {
	list, err := simulate.ReadBans(path)
	if err != nil {
		return nil, err
	}
	return simulate.WithBans(list), nil
}
