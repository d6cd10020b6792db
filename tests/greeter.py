"""greeter.py [PORT [CERTIFICATE KEY]]: helloworld.Greeter on grpc's own server, which is not ours.

What it does follows from the name the caller used (:authority, as Knative routes): slow takes 3 s,
broken and denied fail; any other is answered. Prints its port. A number on its standard input ends
it, with GOAWAY and so many seconds of grace. With a certificate it speaks TLS.
"""
import os
import sys
import threading
import time
from concurrent import futures

import grpc


def say_hello(request, context):
    host = context._rpc_event.call_details.host.decode()    # there is no public way to it
    if host.startswith("slow"):
        time.sleep(3)
    if host.startswith("broken"):
        context.abort(grpc.StatusCode.UNAVAILABLE, "broken")
    if host.startswith("denied"):
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "denied")
    # HelloRequest: name = 1, vHiveMetadata = 15, both there
    if not request.startswith(b"\n\x0cInvoke relay\x7a"):
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no greeting")
    return b"\n\x05hello"


class Greeter(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method != "/helloworld.Greeter/SayHello":
            return None
        return grpc.unary_unary_rpc_method_handler(say_hello)


def main():
    server = grpc.server(futures.ThreadPoolExecutor(64))
    server.add_generic_rpc_handlers((Greeter(),))
    address = "127.0.0.1:" + (sys.argv[1] if len(sys.argv) > 1 else "0")
    if len(sys.argv) > 3:
        cert, key = (open(name, "rb").read() for name in sys.argv[2:4])
        port = server.add_secure_port(address, grpc.ssl_server_credentials([(key, cert)]))
    else:
        port = server.add_insecure_port(address)
    server.start()
    print(port, flush=True)

    def watch():
        for line in sys.stdin:
            server.stop(float(line)).wait()
            os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    server.wait_for_termination()


main()
