//! Many turns at once.

use vx_agents::{TurnEvent, TurnRequest, active_turns, spawn_turn};

use super::{COMPLETED, Play, RESULT, events, messages};

#[test]
fn fifty_turns_at_once_do_not_see_each_others_lines() {
    let play = Play::new(&format!(
        "i=0; while [ $i -lt 20 ]; do say \"{{\\\"type\\\":\\\"user\\\",\\\"of\\\":\\\"$OF\\\"}}\"; i=$((i+1)); done; say '{RESULT}'"
    ));
    let turns: Vec<_> = (0..50)
        .map(|number| {
            let env = vec![("OF".to_owned(), format!("turn {number}"))];
            let turn_id = format!("many {number}");
            spawn_turn(TurnRequest { turn_id, env, ..play.request() }).expect("it starts")
        })
        .collect();
    for (number, handle) in turns.iter().enumerate() {
        let events = events(handle);
        let own = format!("\"turn {number}\"");
        assert_eq!(messages(&events).iter().filter(|message| message.raw.contains(&own)).count(), 20, "{events:?}");
        assert_eq!((messages(&events).len(), events.last()), (21, Some(&COMPLETED)));
        assert!(matches!(events[events.len() - 2], TurnEvent::TurnEnded { .. }));
    }
    assert!(active_turns().iter().all(|turn| !turn.turn_id.starts_with("many ")));
    assert_eq!(play.alive(), [0; 0]);
}
