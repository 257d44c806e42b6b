package main

import "errors"

func drawCurves(s settings, dir string) error { return errors.New("not yet") }
