"""greeter.py [PORT [CERTIFICATE KEY]]: Greeter and Executor on grpc's own server, which is not ours.

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


def execute(request, context):
    # FaasRequest: message = 1, runtimeInMilliSec = 2, memoryInMebiBytes = 3 (invitro)
    if request != b"\n\x0btracewright\x10\x28\x18\xac\x02":    # 40 and 300
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no work")
    return b"\n\x02ok\x10\xc0\xb8\x02\x18\x01"


class Greeter(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method == "/helloworld.Greeter/SayHello":
            return grpc.unary_unary_rpc_method_handler(say_hello)
        if details.method == "/faas.Executor/Execute":
            return grpc.unary_unary_rpc_method_handler(execute)
        return None


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
