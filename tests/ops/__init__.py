"""
An hour of mixed traffic in four minutes: `make ops-test`.

The proxy, Prometheus and Alertmanager are the real ones. Time is made faster by one
factor: Prometheus scrapes and evaluates every second instead of every fifteen, and all
windows of `dashboards/prometheus/alerts.yml` (`[5m]`, `for: 1m`) are shorter by the same
factor (`watch.faster`); expressions, thresholds and labels stay. The committed
Alertmanager configuration is used with shorter waits and a recording receiver.

- `watch`: Prometheus, Alertmanager and the receiver
- `company`: the proxy, its agents, their secrets and the sites they use
- `story`: what happens in the hour, and which alerts that must raise
- `proof`: alerts, panels, audit trail, and that none of them holds a secret
"""
