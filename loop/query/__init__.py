"""Query strategies, one a file: which items to ask people about next.

Each is a function of modAL's shape, `strategy(learner, X, n_instances, *, random_state, …)`, that
returns a `Chosen` and is found through the entry points `labelwright.query`. It never sees an item,
a label of the pool or the store. Read `contract` (what a strategy must return), `blocks` (how it reads
a pool of any size) and `candidates` (what it looks at where it cannot look at all), then

- `random_`, and by the model's doubt `margin`, `least_confidence`, `entropy` (all by `uncertain`),
  `multilabel_margin`, `token_log_probability`, `expected_gradient_length`;
- by several models (`ensemble`, `members`) `committee`, `bald`, `batch_bald`, `power_bald`, `epig`;
- by cover `k_means`, `coreset`, `typiclust`, and on `kernel` and `herding` `max_herding`, `u_herding`,
  `prob_cover`;
- by both `badge`, `cluster_margin`, `ranked_batch`, `density_weighted`, `clue`, `contrastive`,
  `discriminative`, and for classes of unlike size `class_balancing`, `rare_class`;
- `auto`, which is one objective for all of it, and `mix`, which gives each of several its share.

`modal` is the one adapter to modAL, both ways.
"""
