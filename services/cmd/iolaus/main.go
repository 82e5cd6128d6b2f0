// Command iolaus finds coordinated account clusters in streams of signups, requests and
// payments, and decides what each account may do. See iolaus --help.
package main

import "os"

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }
