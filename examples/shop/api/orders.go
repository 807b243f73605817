package main

import (
	"fmt"
	"log"
	"sync"
)

type order struct {
	ID      string `json:"id"`
	Product string `json:"product"`
	State   string `json:"state"`
}

type store interface {
	add(product string) (order, error)
	all() ([]order, error)
	finish(id string) error
}

// open returns the orders in Redis, or in memory if Redis does not answer.
func open(redis string) store {
	if redis != "" {
		orders := &inRedis{address: redis}
		if _, err := orders.ask("PING"); err == nil {
			log.Printf("orders are in Redis at %s", redis)
			return orders
		}
	}
	log.Print("orders are in memory, and gone with each restart")
	return &inMemory{}
}

type inMemory struct {
	sync.Mutex
	orders []order
}

func (memory *inMemory) add(product string) (order, error) {
	memory.Lock()
	defer memory.Unlock()
	added := order{ID: fmt.Sprint(len(memory.orders) + 1), Product: product, State: "new"}
	memory.orders = append(memory.orders, added)
	return added, nil
}

func (memory *inMemory) all() ([]order, error) {
	memory.Lock()
	defer memory.Unlock()
	return append([]order{}, memory.orders...), nil
}

func (memory *inMemory) finish(id string) error {
	memory.Lock()
	defer memory.Unlock()
	for place := range memory.orders {
		if memory.orders[place].ID == id {
			memory.orders[place].State = "done"
			return nil
		}
	}
	return fmt.Errorf("there is no order %s", id)
}
