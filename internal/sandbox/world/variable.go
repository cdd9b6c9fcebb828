package world

// Variable is one environment variable.
type Variable struct{ Name, Value string }
