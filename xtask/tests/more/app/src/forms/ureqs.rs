//! ureq, old and new.
use ureq::{Agent, AgentBuilder};
pub fn f(config: ureq::Config) -> Agent {
    let _a = ureq::agent(); //~ FLAG ureq
    let _b = Agent::new_with_defaults(); //~ FLAG ureq
    let _c = AgentBuilder::new().build(); //~ FLAG ureq
    let _d = ureq::get("x").call(); //~ FLAG ureq
    let _e: Agent = Agent::config_builder().build().into(); //~ FLAG ureq
    let _f = Agent::config_builder().build().new_agent(); //~ FLAG ureq
    let _g = _f.get("x").call();
    let settings = Agent::config_builder().build();
    let _h = settings.new_agent(); //~ FLAG ureq
    let _i = Agent::from(Agent::config_builder().build()); //~ FLAG ureq
    use ureq::post as send;
    let _j = send("x"); //~ FLAG ureq
    config.into() //~ FLAG ureq
}
