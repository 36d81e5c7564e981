#!/bin/sh
# Publishes every event as JSON by MQTT: MQTT_HOST=broker MQTT_TOPIC=home/words mqtt.sh [OPTION...].
# mosquitto_pub -l publishes each line; where the broker goes away it connects again.
kws-listen --output json "$@" |
  mosquitto_pub -h "${MQTT_HOST:-localhost}" -p "${MQTT_PORT:-1883}" -t "${MQTT_TOPIC:-kws/words}" -q 1 -l
