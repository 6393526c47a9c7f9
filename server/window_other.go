//go:build !windows

package main

func holdWindow() {} // other systems keep the window, or show none
