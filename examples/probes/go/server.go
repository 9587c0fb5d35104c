// SPDX-License-Identifier: Apache-2.0 OR MIT

// Handles one connection after a line on standard input, then prints what a probe of main.handle sees.
package main

import (
	"bufio"
	"fmt"
	"os"
)

type Conn struct {
	Name  string
	Tags  []int64
	Parts []string
	Next  *Conn
	Port  uint16
}

//go:noinline
func handle(c *Conn, s string, b []byte) int { return len(c.Name) + len(s) + len(b) }

func first(s string) int64 {
	value := int64(0)
	for i := 0; i < len(s) && i < 8; i++ {
		value |= int64(s[i]) << (8 * i)
	}
	return value
}

func main() {
	c := &Conn{Name: "gopher of the long name", Tags: []int64{4, 5, 6}, Parts: []string{"p", "qq"}, Port: 8080}
	c.Next = &Conn{Name: "next"}
	fmt.Println("start=1")
	bufio.NewReader(os.Stdin).ReadString('\n')
	handle(c, "hello", []byte{1, 2, 3})
	fmt.Println(fmt.Sprintf("name.len=%d name=%d s.len=5 s=%d b.len=3 b=%d", len(c.Name), first(c.Name), first("hello"), first("\x01\x02\x03")))
	fmt.Println(fmt.Sprintf("tags.len=%d tags.2=%d", len(c.Tags), c.Tags[2]))
	fmt.Println(fmt.Sprintf("parts.len=%d parts.1.len=2 parts.1=%d", len(c.Parts), first(c.Parts[1])))
	fmt.Println(fmt.Sprintf("next.len=%d next=%d port=%d", len(c.Next.Name), first(c.Next.Name), c.Port))
}
