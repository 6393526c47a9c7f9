package web

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// meter holds what /metrics tells. Label values are of closed sets (routes, codes, names of detectors), never a
// client's own words, so that a client cannot grow the server's memory.
type meter struct {
	registry *prometheus.Registry
	crops    *prometheus.CounterVec   // detector, result
	stages   *prometheus.HistogramVec // stage
	batches  prometheus.Histogram
	errors   *prometheus.CounterVec // code
	requests *prometheus.CounterVec // route, status
	bytesIn  prometheus.Counter
	bytesOut prometheus.Counter
}

// newMeter registers the metrics; queued and sessions are asked when /metrics is.
func newMeter(queued, sessions func() int) *meter {
	seconds := []float64{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10}
	m := &meter{
		registry: prometheus.NewRegistry(),
		crops: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "semirest_crops_total", Help: "Crops run, by detector and result (scored, refused, canceled, failed)."},
			[]string{"detector", "result"}),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "semirest_stage_seconds", Help: "Seconds a crop spends in a stage: decode, resize, wait, score.",
			Buckets: seconds}, []string{"stage"}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "semirest_batch_crops", Help: "Crops in one run of a detector.", Buckets: []float64{1, 2, 4, 8, 16, 32}}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "semirest_errors_total", Help: "Errors answered to clients, by code."}, []string{"code"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "semirest_http_requests_total", Help: "HTTP requests, by route and status."}, []string{"route", "status"}),
		bytesIn: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "semirest_socket_bytes_received_total", Help: "Bytes of websocket messages received."}),
		bytesOut: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "semirest_socket_bytes_sent_total", Help: "Bytes of websocket messages sent."}),
	}
	m.registry.MustRegister(m.crops, m.stages, m.batches, m.errors, m.requests, m.bytesIn, m.bytesOut,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "semirest_queue_crops", Help: "Crops that wait in the queue."}, func() float64 { return float64(queued()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "semirest_sessions", Help: "Open websocket sessions."}, func() float64 { return float64(sessions()) }),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *meter) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *meter) stage(name string, d time.Duration) {
	m.stages.WithLabelValues(name).Observe(d.Seconds())
}

// crop counts one answered crop.
func (m *meter) crop(detector, result string) { m.crops.WithLabelValues(detector, result).Inc() }

// run counts one run of a detector.
func (m *meter) run(detector string, crops int, took time.Duration, err error) {
	m.batches.Observe(float64(crops))
	if err == nil {
		m.stage("score", took)
	}
}
