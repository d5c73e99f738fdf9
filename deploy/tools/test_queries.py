"""A name that /metrics has not is found wherever it stands; a check that finds nothing would be worse than none."""

import unittest

from queries import Metrics

TEXT = """\
# HELP omnibus_ready 1 when /readyz says so.
# TYPE omnibus_ready gauge
omnibus_ready 1.0
# TYPE omnibus_http_requests counter
omnibus_http_requests_total{method="GET",route="/readyz",status="200"} 2
# TYPE omnibus_http_request_seconds histogram
omnibus_http_request_seconds_sum{route="/readyz"} 0.00211
omnibus_http_request_seconds_count{route="/readyz"} 2
omnibus_http_request_seconds_bucket{le="+Inf",route="/readyz"} 2
# EOF
"""


class Queries(unittest.TestCase):
    def faults(self, expression):
        return " ".join(Metrics(TEXT).faults(expression))

    def test_what_is_there_is_taken(self):
        for expression in (
            "omnibus_ready == 0 or absent(up{job=\"omnibus\"})",
            "sum by (route, instance) (rate(omnibus_http_requests_total{status=~\"5..\"}[5m])) > 0",
            "histogram_quantile(0.9, sum by (le) (rate(omnibus_http_request_seconds_bucket[5m])))",
            "omnibus_ready unless on (job) (omnibus_ready offset 1d)",
        ):
            self.assertEqual(self.faults(expression), "")

    def test_a_name_that_is_not_there_is_found_at_any_depth(self):
        for expression in ("nope", "1 - nope", "-nope", "sum(nope)", "topk(scalar(nope), omnibus_ready)", "omnibus_ready unless nope", "rate(nope[5m])",
                           "max_over_time((nope > 1)[1h:1m])", "clamp_min((nope offset 1d), 0)", "histogram_quantile(0.9, nope)", '{__name__="nope"}',
                           "omnibus_http_requests"):
            self.assertIn("which /metrics has not", self.faults(expression), expression)

    def test_a_label_that_is_not_there_is_found(self):
        for expression in ("omnibus_ready{route=\"/\"}", "sum by (route) (omnibus_ready)", "omnibus_ready and on (route) omnibus_ready"):
            self.assertIn("route", self.faults(expression), expression)

    def test_what_is_no_promql_is_found(self):
        for expression in ("omnibus_ready ==", "rate(omnibus_ready)", "nope(omnibus_ready)", ""):
            self.assertIn("is no PromQL", self.faults(expression), expression)

    def test_a_gauge_has_no_rate(self):
        self.assertIn("use delta", self.faults("rate(omnibus_ready[5m])"))

    def test_half_a_text_is_refused(self):
        with self.assertRaises(ValueError):
            Metrics(TEXT.removesuffix("# EOF\n"))


if __name__ == "__main__":
    unittest.main()
