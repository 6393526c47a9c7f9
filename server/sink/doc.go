// Package sink tells others what a line found: by webhook, over MQTT, in a folder, or in a table.
//
// Every sink is told of one verdict after another, in the order they came, and again until it has taken it in: at least
// once, always under the same ID. A folder has one file of a name, so it is told exactly once. Who keeps what waits, and
// tries again, is package line.
//
// Room is left for others, such as OPC UA: a sink is two methods, and Open knows it by its address.
package sink
