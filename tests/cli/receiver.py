#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A receiver of profiles, as strict as Pyroscope and Parca are about the form of a request.

receiver.py FOLDER: listens on a free port, writes it to FOLDER/port, and each profile that it is sent,
unpacked from its request, to FOLDER/PATH-OF-THE-REQUEST.pb.gz, with what else was said to ….json.
"""

import base64
import email.parser
import email.policy
import json
import os
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

FOLDER = sys.argv[1]


def parts_of(kind, body):
    """The parts of a form, by name."""
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    return {part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in message.iter_parts()}


def pyroscope(query, kind, body):
    """POST /ingest: server/http-api of Grafana Pyroscope."""
    parts = parts_of(kind, body)
    if query["format"] != ["pprof"] or not query["name"][0]:
        raise ValueError("format and name are needed")
    if int(query["from"][0]) >= int(query["until"][0]):
        raise ValueError("the span is empty")
    return parts["profile"], json.loads(parts["sample_type_config"])


def parca(query, kind, body):
    """POST /profiles/writeraw: parca/profilestore/v1alpha1/profilestore.proto as JSON."""
    if query or kind != "application/json":
        raise ValueError("not JSON")
    [series] = json.loads(body)["series"]
    labels = {label["name"]: label["value"] for label in series["labels"]["labels"]}
    if not labels["__name__"]:
        raise ValueError("a series needs a name")
    [sample] = series["samples"]
    return base64.b64decode(sample["raw_profile"], validate=True), labels


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            take = {"/ingest": pyroscope, "/profiles/writeraw": parca}[url.path]
            profile, said = take(urllib.parse.parse_qs(url.query), self.headers["Content-Type"], body)
        except (KeyError, ValueError) as error:
            self.send_error(400, repr(error))
            return
        name = os.path.join(FOLDER, url.path.strip("/").replace("/", "-"))
        with open(name + ".pb.gz", "wb") as file:
            file.write(profile)
        with open(name + ".json", "w") as file:
            json.dump(said, file)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Receiver)
with open(os.path.join(FOLDER, "port.new"), "w") as file:
    file.write(f"{server.server_port}\n")
os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
server.serve_forever()
