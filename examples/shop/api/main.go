// The back end of the shop: products, and orders that the worker carries out.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net/http"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "the address to listen on")
	redis := flag.String("redis", "", "the address of Redis; without it orders live in memory")
	flag.Parse()

	orders := open(*redis)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(answer http.ResponseWriter, _ *http.Request) {
		answer.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /api/products", func(answer http.ResponseWriter, _ *http.Request) {
		reply(answer, products)
	})
	mux.HandleFunc("GET /api/orders", func(answer http.ResponseWriter, _ *http.Request) {
		all, err := orders.all()
		if err != nil {
			http.Error(answer, err.Error(), http.StatusBadGateway)
			return
		}
		reply(answer, all)
	})
	mux.HandleFunc("POST /api/orders", func(answer http.ResponseWriter, asked *http.Request) {
		add(orders, answer, asked.URL.Query().Get("product"))
	})
	mux.HandleFunc("POST /api/orders/{id}/done", func(answer http.ResponseWriter, asked *http.Request) {
		if err := orders.finish(asked.PathValue("id")); err != nil {
			http.Error(answer, err.Error(), http.StatusNotFound)
		}
	})
	log.Printf("listening on http://%s", *listen)
	log.Fatal(http.ListenAndServe(*listen, mux))
}

func add(orders store, answer http.ResponseWriter, product string) {
	order, err := orders.add(product)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadGateway)
		return
	}
	log.Printf("INFO order %s: %s", order.ID, order.Product)
	answer.WriteHeader(http.StatusCreated)
	reply(answer, order)
}

func reply(answer http.ResponseWriter, value any) {
	answer.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(answer).Encode(value); err != nil {
		log.Printf("ERROR %v", err)
	}
}
