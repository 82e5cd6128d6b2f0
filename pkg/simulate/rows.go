package simulate

import (
	"embed"
	"fmt"
	"io/fs"
	"math"
	"path"
	"strings"

	"github.com/goccy/go-yaml"
)

//go:embed campaigns/*.yaml
var rowFiles embed.FS

// Rows lists the reported campaigns that a scenario's campaign can be like.
func Rows() []string {
	entries, _ := fs.ReadDir(rowFiles, "campaigns")
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// UnmarshalYAML starts from the reported campaign named, if one is, and lays the given
// fields over it.
func (c *Campaign) UnmarshalYAML(data []byte) error {
	var head struct {
		Like string `yaml:"like"`
	}
	if err := yaml.Unmarshal(data, &head); err != nil {
		return err
	}
	type plain Campaign
	var over plain
	if head.Like != "" {
		row, err := rowFiles.ReadFile(path.Join("campaigns", head.Like+".yaml"))
		if err != nil {
			return fmt.Errorf("like: %q is not one of %s", head.Like, strings.Join(Rows(), " "))
		}
		if err := yaml.UnmarshalWithOptions(row, &over, yaml.Strict()); err != nil {
			return fmt.Errorf("campaign %s: %w", head.Like, err)
		}
	}
	if err := yaml.UnmarshalWithOptions(data, &over, yaml.Strict()); err != nil {
		return err
	}
	*c = Campaign(over)
	return nil
}

// fillRow works out what follows from the campaign's rate and level: its exchanges, and
// its pools' efforts at another level than their own.
func (c *Campaign) fillRow() error {
	if c.Exchanges == 0 && c.Rate > 0 {
		c.Exchanges = int64(math.Round(c.Rate * float64(c.Accounts) * c.Days))
	}
	if c.Level == "" {
		return nil
	}
	for i := range c.Pools {
		if err := c.Pools[i].Effort.lift(c.Level); err != nil {
			return err
		}
	}
	if c.Stolen.Keys > 0 {
		return c.Stolen.Effort.lift(c.Level)
	}
	return nil
}

// lift puts an effort on another level; what was given besides stays. A level that was
// given stays too.
func (e *Effort) lift(level string) error {
	var head struct {
		Level string `yaml:"level"`
	}
	if len(e.given) > 0 {
		if err := yaml.Unmarshal(e.given, &head); err != nil {
			return err
		}
	}
	if head.Level != "" {
		return nil
	}
	base, err := Preset(level)
	if err != nil {
		return err
	}
	type plain Effort
	over := plain(base)
	if len(e.given) > 0 {
		if err := yaml.UnmarshalWithOptions(e.given, &over, yaml.Strict()); err != nil {
			return err
		}
	}
	over.given = e.given
	*e = Effort(over)
	return nil
}
