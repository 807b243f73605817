"""The worker of the shop, which carries out new orders."""

import json
import os
import time
import urllib.error
import urllib.request

API = os.environ.get("API", "http://127.0.0.1:8080")


def ask(path: str, method: str = "GET") -> bytes:
    request = urllib.request.Request(API + path, method=method)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.read()


def carry_out(order: dict) -> None:
    time.sleep(0.5)
    ask(f"/api/orders/{order['id']}/done", "POST")
    print(f"INFO order {order['id']} is done: {order['product']}")


def main() -> None:
    print("waiting for orders")
    while True:
        try:
            for order in json.loads(ask("/api/orders")):
                if order["state"] == "new":
                    carry_out(order)
        except (urllib.error.URLError, OSError) as error:
            # The back end may be restarting.
            print(f"WARN {error}")
        time.sleep(1)


if __name__ == "__main__":
    main()
